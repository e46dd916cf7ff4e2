/**
 * What a part of the tests came to.
 * @typedef {{ passed: number, failed: number, skipped: string[] }} Count
 */

/**
 * Counts a report of vitest's JSON reporter. A file that could not be loaded has no tests, and counts as one failed.
 * @param {any} report
 * @returns {Count}
 */
export function countVitest(report) {
  /** @type {Count} */
  const count = { passed: 0, failed: 0, skipped: [] }
  for (const file of report.testResults) {
    let failedHere = 0
    for (const { status, fullName } of file.assertionResults) {
      if (status === 'passed') count.passed++
      else if (status === 'failed') failedHere++
      else count.skipped.push(fullName)
    }
    count.failed += file.status === 'failed' ? Math.max(failedHere, 1) : failedHere
  }
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
  const specs = report.suites.flatMap(specsOf)
  const skipped = specs.filter((/** @type {any} */ { tests }) =>
    tests.some((/** @type {any} */ t) => t.status === 'skipped'),
  )
  return {
    passed: expected,
    failed: unexpected + flaky + report.errors.length,
    skipped: skipped.map((/** @type {any} */ { title }) => title),
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
  const known = count ?? { passed: 0, failed: 0, skipped: [] }
  return succeeded && count ? known : { ...known, failed: Math.max(known.failed, 1) }
}

/** @param {Count[]} counts @returns {string} the last line of `npm test` */
export function lastLine(counts) {
  const sum = (/** @type {'passed' | 'failed'} */ key) => counts.reduce((total, count) => total + count[key], 0)
  return `${sum('passed')} passed, ${sum('failed')} failed`
}
