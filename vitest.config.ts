import { defineConfig } from 'vitest/config'

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    pool: 'forks',
    // A busy machine answers later, not otherwise.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [
            'test/e2e/**',
            'test/rehearsals/**',
            'test/reader/**',
            'test/faults/**',
            'test/browser/**',
            'node_modules/**',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Many of them wait for clocks and for git.
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        // A real Chromium, and no cluster.
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/build.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        // A real Prometheus each, and nothing else: they need the servers to be built, and no stack.
        test: {
          name: 'reader',
          include: ['test/reader/**/*.test.ts'],
          maxConcurrency: 32,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/rehearsals/**/*.test.ts'],
          globalSetup: ['test/stage/shared.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 4,
        },
      },
      {
        extends: true,
        // These break the servers under the engine: each file on a stack that no other test uses.
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
        },
      },
    ],
  },
})
