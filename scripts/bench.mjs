// npm run bench -- NAME [--json]: measurements as ratios against a floor or a peer in the same run.
import { ensureInstalled, runPinned } from './install.mjs';

ensureInstalled();
process.exit(runPinned(['--expose-gc', 'test/bench/main.ts', ...process.argv.slice(2)]));
