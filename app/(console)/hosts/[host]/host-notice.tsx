'use client'

import { useQuery } from '@tanstack/react-query'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { UnreadNotice } from '#components/trpc/unread-notice.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { isLive } from '#server/schema/operation.ts'
import type { Host } from './use-host.ts'

/** What a person must know before anything else: why it can't be reached, or what is at work on it. */
export function HostNotice({ host }: { host: Host }) {
  const operations = useQuery(useTRPC().operation.list.queryOptions({ targetId: host.id, limit: 1 }))
  const latest = operations.data?.items[0]
  return (
    <>
      {host.state === 'unreachable' && (
        <div role="status" className="mx-4 mb-3 rounded-md bg-failed-soft/60 px-3 py-2 text-sm text-ink">
          <p>
            Can’t be reached since <RelativeTime at={host.stateSince} />: the states of its VMs are not known, they may
            well be running.
          </p>
          {host.stateReason && <p className="text-ink-muted">{host.stateReason}</p>}
        </div>
      )}
      {operations.isError && !latest && <UnreadNotice query={operations} />}
      {latest && isLive(latest.state) && (
        <ul aria-label="Running operation" className="mx-4 mb-3 rounded-md border border-line bg-surface">
          <OperationLine operation={latest} />
        </ul>
      )}
    </>
  )
}
