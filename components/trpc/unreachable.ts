/** What is said, in place of a browser's own words, when no answer came from the console. */
export const unreachable = {
  message: 'The console can’t be reached.',
  wayOut: 'Look whether it runs and your network leads to it, then try again.',
}
