import { expect, test } from 'vitest'
import { countPlaywright, countVitest, lastLine, withExit } from './test-report.mjs'

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((state, index) => ({ status: state, fullName: `${state} ${index}` })),
})

test('vitest: tests are counted by their state', () => {
  const report = { testResults: [file('passed', 'passed', 'passed', 'skipped'), file('failed', 'passed', 'failed')] }
  expect(countVitest(report)).toEqual({ passed: 3, failed: 1, skipped: ['skipped 2'] })
})

test('vitest: a file that could not be loaded is a failure', () => {
  expect(countVitest({ testResults: [file('failed'), file('passed', 'passed')] })).toMatchObject({
    passed: 1,
    failed: 1,
  })
})

test('playwright: flaky tests and errors outside tests are failures, skipped ones are named', () => {
  const report = {
    stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 1 },
    errors: [{ message: 'no global setup' }],
    suites: [
      {
        specs: [{ title: 'signs in', tests: [{ status: 'expected' }] }],
        suites: [{ specs: [{ title: 'needs KVM', tests: [{ status: 'skipped' }] }] }],
      },
    ],
  }
  expect(countPlaywright(report)).toEqual({ passed: 4, failed: 3, skipped: ['needs KVM'] })
})

test('a part that crashes counts as one failed, with and without a report', () => {
  expect(withExit(undefined, false)).toEqual({ passed: 0, failed: 1, skipped: [] })
  expect(withExit(undefined, true)).toMatchObject({ failed: 1 })
  expect(withExit({ passed: 7, failed: 0, skipped: [] }, false)).toMatchObject({ passed: 7, failed: 1 })
  expect(withExit({ passed: 7, failed: 2, skipped: [] }, false)).toMatchObject({ passed: 7, failed: 2 })
  expect(withExit({ passed: 7, failed: 0, skipped: [] }, true)).toMatchObject({ passed: 7, failed: 0 })
})

test('the last line sums over the parts', () => {
  const counts = [
    { passed: 1, failed: 0, skipped: [] },
    { passed: 40, failed: 2, skipped: ['a'] },
  ]
  expect(lastLine(counts)).toBe('41 passed, 2 failed')
})
