import { afterAll, afterEach, beforeAll } from 'vitest'
import { ServerRun } from '#server/nbd/testing/server-run.ts'

/** The run of the test file that asks, from its first test to its last. */
export function serverRun(): () => ServerRun {
  let run: ServerRun | undefined
  beforeAll(async () => {
    run = await ServerRun.begin()
  })
  afterEach(() => run?.clear())
  afterAll(() => run?.end())
  return () => {
    if (!run) throw new Error('No test runs')
    return run
  }
}
