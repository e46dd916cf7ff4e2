import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { root } from './place.mjs'

/**
 * What a part of the tests came to. `failures` names those that failed, with the first line of why; a part that failed
 * as a whole (lint, a crash) names none.
 * @typedef {{ passed: number, failed: number, skipped: string[], failures: string[] }} Count
 */

/** @returns {Count} */
const noTests = () => ({ passed: 0, failed: 0, skipped: [], failures: [] })

/** @param {string} path @param {string | undefined} name @param {string | undefined} message */
function failure(path, name, message) {
  const firstLine = stripVTControlCharacters(message ?? '')
    .trim()
    .split('\n')[0]
  const test = [path && relative(root, path), name].filter(Boolean).join(' › ')
  return [test, firstLine].filter(Boolean).join(': ')
}

/**
 * Counts a report of vitest's JSON reporter. A file that could not be loaded has no tests, and counts as one failed.
 * @param {any} report
 * @returns {Count}
 */
export function countVitest(report) {
  const count = noTests()
  for (const file of report.testResults) {
    const before = count.failures.length
    for (const { status, fullName, failureMessages } of file.assertionResults) {
      if (status === 'passed') count.passed++
      else if (status === 'failed') count.failures.push(failure(file.name, fullName, failureMessages[0]))
      else count.skipped.push(fullName)
    }
    if (file.status === 'failed' && count.failures.length === before)
      count.failures.push(failure(file.name, undefined, file.message))
  }
  count.failed = count.failures.length
  return count
}

/**
 * Counts a report of Playwright's JSON reporter. A test that passed only when tried again counts as failed, as does each
 * error outside a test.
 * @param {any} report
 * @returns {Count}
 */
export function countPlaywright(report) {
  const { expected, unexpected, flaky } = report.stats
  const tests = report.suites
    .flatMap(specsOf)
    .flatMap((/** @type {any} */ spec) => spec.tests.map((/** @type {any} */ test) => ({ ...test, spec })))
  /** @param {string[]} states */
  const inState = (...states) => tests.filter((/** @type {any} */ { status }) => states.includes(status))
  return {
    passed: expected,
    failed: unexpected + flaky + report.errors.length,
    skipped: inState('skipped').map(({ spec }) => spec.title),
    failures: [
      ...inState('unexpected', 'flaky').map(({ spec, results }) =>
        failure('', `${spec.file} › ${spec.title}`, results[0]?.error?.message),
      ),
      ...report.errors.map((/** @type {any} */ { message }) => failure('', undefined, message)),
    ],
  }
}

/** @param {any} suite @returns {any[]} */
function specsOf(suite) {
  return [...suite.specs, ...(suite.suites ?? []).flatMap(specsOf)]
}

/**
 * What a part came to that ended with an exit code: a crash without a failed test counts as one failed.
 * @param {Count | undefined} count nothing when there is no report
 * @param {boolean} succeeded
 * @returns {Count}
 */
export function withExit(count, succeeded) {
  const known = count ?? noTests()
  return succeeded && count ? known : { ...known, failed: Math.max(known.failed, 1) }
}

/** @param {Count[]} counts @returns {string} the last line of `npm test` */
export function lastLine(counts) {
  const sum = (/** @type {'passed' | 'failed'} */ key) => counts.reduce((total, count) => total + count[key], 0)
  return `${sum('passed')} passed, ${sum('failed')} failed`
}
