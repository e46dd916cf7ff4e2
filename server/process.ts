const everyMs = 1_000

/** Calls `stop` once this process has lost the parent it was started by, so that nothing outlives `npm run up`. */
export function exitWithParent(stop: () => void): void {
  const parent = process.ppid
  if (parent === 1) return
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, everyMs)
  timer.unref()
}
