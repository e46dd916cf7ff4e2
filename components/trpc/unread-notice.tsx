import { Button } from '#components/ui/button.tsx'
import type { Reading } from './failure.ts'

/** Below the head of a page: whether something is at work on its subject is not known. */
export function UnreadNotice({ query }: { query: Reading }) {
  return (
    <div
      role="alert"
      className="mx-4 mb-3 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md bg-failed-soft/60 px-3 py-2 text-ink text-sm"
    >
      <span className="min-w-0 flex-1">
        What is at work on it could not be read. <span className="text-ink-muted">{query.error?.message}</span>
      </span>
      <Button size="sm" isPending={query.isRefetching} onPress={() => void query.refetch()}>
        Try again
      </Button>
    </div>
  )
}
