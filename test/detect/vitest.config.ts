import { defineConfig } from 'vitest/config';

/** Detection by itself: its own tests, how much of it they reach (npm run coverage), what they notice (npm run mutation). */
export default defineConfig({
  test: {
    include: ['test/detect/**/*.test.ts', 'test/base/sliding-window.test.ts'],
    maxWorkers: 2,
    isolate: false,
    testTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/detect/**', 'src/base/sliding-window.ts'],
      reportsDirectory: 'coverage/detect',
      reporter: ['text', 'html'],
      thresholds: { branches: 100 },
    },
  },
});
