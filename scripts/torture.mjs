// npm run torture -- NAME [--runs N] [--seed S]: long fault runs.
import { ensureInstalled, runPinned } from './install.mjs';

ensureInstalled();
process.exit(runPinned(['--expose-gc', 'test/torture/main.ts', ...process.argv.slice(2)]));
