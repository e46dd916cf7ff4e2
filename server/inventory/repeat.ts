export interface Repeating {
  /** Ends it and waits for the run under way. */
  stop(): Promise<void>
}

/**
 * Runs `work` again and again, the first time after a random part of the interval, so that many of them spread over it.
 * A run that takes longer than the interval lets the next one fall out. Errors go to `onError`.
 */
export function repeat(intervalMs: number, work: () => Promise<void>, onError: (error: unknown) => void): Repeating {
  let running: Promise<void> | undefined
  const run = () => {
    running ??= work()
      .catch(onError)
      .finally(() => {
        running = undefined
      })
  }
  let timer = setTimeout(() => {
    timer = setInterval(run, intervalMs)
    run()
  }, Math.random() * intervalMs)
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
