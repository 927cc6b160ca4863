// npm run coverage: which branches of src/detect/ its own tests reach; they must reach all.
import { ensureInstalled, runPinned } from './install.mjs';

ensureInstalled();
process.exit(
  runPinned(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/detect/vitest.config.ts', '--coverage']),
);
