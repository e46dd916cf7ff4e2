import { formatBytes, formatCount } from '#components/ui/format.ts'
import { KeyValueList } from '#components/ui/key-value-list.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import type { VerifyResult, VerifyRound } from '#server/schema/datastore-state.ts'

interface VerificationListProps {
  verified: VerifyResult | null
  round: VerifyRound | null
  /** Null: only when somebody asks for it */
  nextVerifyAt: Date | string | null
  damaged: number
  storedBytes: number
}

/** What is known of how a store is, and since when. */
export function VerificationList({ verified, round, nextVerifyAt, damaged, storedBytes }: VerificationListProps) {
  return (
    <KeyValueList
      items={[
        {
          label: 'Last, all of it',
          value: verified ? <RelativeTime at={verified.endedAt} /> : 'never',
          note: verified && `${formatBytes(verified.checkedBytes)}, ${formatCount(verified.checkedChunks)} blocks`,
        },
        { label: 'Damaged now', value: <DamagedNow damaged={damaged} isVerified={verified !== null} /> },
        {
          label: 'This round',
          value:
            round && `${formatBytes(round.checkedBytes)} of ${formatBytes(Math.max(storedBytes, round.checkedBytes))}`,
          note: round && (
            <>
              begun <RelativeTime at={round.startedAt} />
            </>
          ),
        },
        { label: 'Goes on', value: nextVerifyAt ? <RelativeTime at={nextVerifyAt} /> : 'when asked for' },
      ]}
    />
  )
}

function DamagedNow({ damaged, isVerified }: { damaged: number; isVerified: boolean }) {
  if (damaged > 0) return <StateBadge state="failed" label={formatCount(damaged)} variant="plain" />
  return isVerified ? <StateBadge state="running" label="Nothing" variant="plain" /> : 'Not known'
}

export const verifyDayChoices = [7, 14, 30, 90]
export const verifyDaysText = (days: number) => (days === 1 ? 'a day' : `${days} days`)
