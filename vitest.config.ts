import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Enough of an environment for modules that read it; what connects to a database gets its own from `server/testing`. */
const env = {
  NODE_ENV: 'test' as const,
  DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
  BETTER_AUTH_SECRET: 'only-for-tests-only-for-tests-only-for-tests',
  SKERRY_KEY: Buffer.alloc(32, 7).toString('base64'),
  SKERRY_LOG_LEVEL: 'error',
}

/** A poll ends as soon as it holds; on a busy machine a second is no proof that it never will. */
const poll = { timeout: 20_000 }

/** Long files first, for the last to end together. Suites of faults are short to read and run for minutes. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isOfFaults = ({ moduleId }: TestSpecification) => moduleId.endsWith('.fault.integration.test.ts')
    return [...sorted.filter(isOfFaults), ...sorted.filter((file) => !isOfFaults(file))]
  }
}

/** `*.test.ts` needs nothing but Node; `*.integration.test.ts` needs real Postgres, libvirtd and QEMU, of which each file makes its own. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          env,
          include: ['{server,components,app,lab}/**/*.test.{ts,tsx}'],
          exclude: ['**/*.integration.test.ts', '**/node_modules/**'],
          // By itself vitest leaves a processor free.
          maxWorkers: '100%',
          testTimeout: 30_000,
          expect: { poll },
        },
      },
      {
        test: {
          name: 'integration',
          env,
          include: ['{server,lab}/**/*.integration.test.ts'],
          globalSetup: ['server/testing/postgres-setup.ts'],
          // Much of what they do is waiting: for a guest to boot, a lease to run out.
          maxWorkers: 3,
          testTimeout: 240_000,
          hookTimeout: 180_000,
          expect: { poll },
        },
      },
    ],
  },
})
