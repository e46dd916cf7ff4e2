'use client'

import { useLiveStatus } from '#components/live/live-provider.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'

/** Says so when what is on the screen is not kept up to date; silent while it is. On a phone in fewer words. */
export function LiveIndicator() {
  const status = useLiveStatus()
  return (
    <span role="status">
      {status === 'lost' && (
        <>
          <span className="sm:hidden">
            <StateBadge state="degraded" label="Not live" />
          </span>
          <span className="hidden sm:inline">
            <StateBadge state="degraded" label="Not live: reconnecting" />
          </span>
        </>
      )}
    </span>
  )
}
