// npm run setup [-- --gpio]: installs what is missing and starts nothing. What an installation on a gateway runs once, and
// after each update. With --gpio it also compiles what outputs on GPIO pins need (docs/outputs.md).
import { ensureInstalled, fail } from './install.mjs';
import { ensureGpio } from './install-gpio.mjs';

const words = process.argv.slice(2);
const unknown = words.find(word => word !== '--gpio');
if (unknown) fail(`setup does not know ${unknown}; it knows --gpio`);
ensureInstalled('to-run');
if (words.includes('--gpio')) ensureGpio();
