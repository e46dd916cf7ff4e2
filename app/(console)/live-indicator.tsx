'use client'

import { useLiveStatus } from '#components/live/live-provider.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'

/** Says so when what is on the screen is not kept up to date; silent while it is. */
export function LiveIndicator() {
  const status = useLiveStatus()
  return (
    <span role="status" className="hidden sm:block">
      {status === 'lost' && <StateBadge state="degraded" label="Not live: reconnecting" />}
    </span>
  )
}
