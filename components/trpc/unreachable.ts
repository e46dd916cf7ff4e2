/** What is said, in place of a browser's own words, when no answer came from the console. */
export const unreachable = {
  message: 'The console can’t be reached.',
  wayOut: 'Look whether it runs and your network leads to it, then try again.',
}

/** Whether a call never got to the console, rather than being refused by it. */
export const isUnreachable = (error: { message: string } | null | undefined) => error?.message === unreachable.message
