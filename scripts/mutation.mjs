// npm run mutation [-- FILES]: changes src/detect/ in small ways, one at a time, and counts what the tests notice.
import { ensureInstalled, runPinned } from './install.mjs';

ensureInstalled();
// Some thousand runs of the tests: each property is tried a few times only, and always in the same way.
process.env.PROPERTY_RUNS ??= '50';
const files = process.argv.slice(2);
const only = files.length > 0 ? ['--mutate', files.join(',')] : [];
process.exit(
  runPinned(['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'test/detect/stryker.json', ...only]),
);
