import { defineConfig } from 'vitest/config';

// Two kinds of tests: `unit` needs nothing but this checkout and its set-up; `cloud` shares one embedded AWS
// (test/e2e and every *.cloud.test.ts). Run one kind with `npx vitest run --project unit`.
const CLOUD = ['test/e2e/**/*.test.ts', 'test/**/*.cloud.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // The AWS SDK announces that it will drop Node 20 in 2027: true, and not what a test has to say.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: CLOUD,
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'cloud',
          globalSetup: ['test/support/local-cloud.ts'],
          include: CLOUD,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // One file at a time: they share the embedded AWS, and two cores.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
