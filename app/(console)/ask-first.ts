import type { Go } from '#components/ui/use-go.ts'

interface AskFirst {
  isConsoleThere: () => Promise<boolean>
  go: Go
  onGone: () => void
}

/** Goes when the console answers. Of what is asked for meanwhile only the last counts. */
export function askFirst({ isConsoleThere, go, onGone }: AskFirst): Go {
  let count = 0
  return async (href) => {
    const mine = ++count
    const isThere = await isConsoleThere()
    if (mine !== count) return
    if (isThere) go(href)
    else onGone()
  }
}

/** Also one that is not well answers in JSON; a proxy in its place does not. */
export const isConsoleThere = (longestMs = 5_000) =>
  fetch('/api/health', { cache: 'no-store', signal: AbortSignal.timeout(longestMs) }).then(
    ({ headers }) => headers.get('content-type')?.includes('json') ?? false,
    () => false,
  )
