import { defineConfig } from 'vitest/config'

/** `*.test.ts` needs nothing but Node; `*.integration.test.ts` needs real Postgres, libvirtd and QEMU and runs one file at a time. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{server,components,app,lab}/**/*.test.{ts,tsx}'],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{server,lab}/**/*.integration.test.ts'],
          globalSetup: ['server/testing/postgres-setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
