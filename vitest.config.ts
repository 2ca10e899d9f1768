import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What a test waits for comes when the machine has time; what is promised is measured.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      {
        extends: true,
        test: { name: 'tidy', include: ['tests/tidy/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['src/**/*.test.ts'],
          globalSetup: ['tests/support/database-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/tidy/**'],
          globalSetup: ['tests/support/database-setup.ts', 'tests/support/build-setup.ts'],
        },
      },
    ],
  },
})
