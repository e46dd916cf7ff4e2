import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './place.mjs'
import { countPlaywright, countVitest, lastLine, withExit } from './test-report.mjs'

const file = (status: string, ...tests: string[]) => ({
  status,
  name: join(root, 'server/a.test.ts'),
  message: tests.length ? '' : 'SyntaxError: no such export\nat line 1',
  assertionResults: tests.map((state, index) => ({
    status: state,
    fullName: `${state} ${index}`,
    failureMessages:
      state === 'failed' ? ['\u001b[31mAssertionError: expected 1 to be 2\u001b[39m\n    at a.test.ts:3'] : [],
  })),
})

test('vitest: tests are counted by their state', () => {
  const report = { testResults: [file('passed', 'passed', 'passed', 'skipped'), file('failed', 'passed', 'failed')] }
  expect(countVitest(report)).toEqual({
    passed: 3,
    failed: 1,
    skipped: ['skipped 2'],
    failures: ['server/a.test.ts › failed 1: AssertionError: expected 1 to be 2'],
  })
})

test('vitest: a file that could not be loaded is a failure', () => {
  expect(countVitest({ testResults: [file('failed'), file('passed', 'passed')] })).toMatchObject({
    passed: 1,
    failed: 1,
    failures: ['server/a.test.ts: SyntaxError: no such export'],
  })
})

test('playwright: flaky tests and errors outside tests are failures, skipped ones are named', () => {
  const report = {
    stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 1 },
    errors: [{ message: 'no global setup' }],
    suites: [
      {
        specs: [{ title: 'signs in', tests: [{ status: 'expected' }] }],
        suites: [
          {
            specs: [
              { title: 'needs KVM', file: 'b.e2e.ts', tests: [{ status: 'skipped', results: [] }] },
              {
                title: 'signs out',
                file: 'b.e2e.ts',
                tests: [{ status: 'unexpected', results: [{ error: { message: 'Error: not visible\n\nLocator' } }] }],
              },
              {
                title: 'moves',
                file: 'b.e2e.ts',
                tests: [{ status: 'flaky', results: [{ error: { message: 'Error: late' } }, {}] }],
              },
            ],
          },
        ],
      },
    ],
  }
  expect(countPlaywright(report)).toEqual({
    passed: 4,
    failed: 3,
    skipped: ['needs KVM'],
    failures: ['b.e2e.ts › signs out: Error: not visible', 'b.e2e.ts › moves: Error: late', 'no global setup'],
  })
})

test('a part that crashes counts as one failed, with and without a report', () => {
  expect(withExit(undefined, false)).toEqual({ passed: 0, failed: 1, skipped: [], failures: [] })
  expect(withExit(undefined, true)).toMatchObject({ failed: 1 })
  expect(withExit({ passed: 7, failed: 0, skipped: [], failures: [] }, false)).toMatchObject({ passed: 7, failed: 1 })
  expect(withExit({ passed: 7, failed: 2, skipped: [], failures: [] }, false)).toMatchObject({ passed: 7, failed: 2 })
  expect(withExit({ passed: 7, failed: 0, skipped: [], failures: [] }, true)).toMatchObject({ passed: 7, failed: 0 })
})

test('the last line sums over the parts', () => {
  const counts = [
    { passed: 1, failed: 0, skipped: [], failures: [] },
    { passed: 40, failed: 2, skipped: ['a'], failures: [] },
  ]
  expect(lastLine(counts)).toBe('41 passed, 2 failed')
})
