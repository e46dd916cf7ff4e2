'use client'

import { useMutation } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { KeyValueList } from '#components/ui/key-value-list.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Select } from '#components/ui/select.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { toastRefusal } from '#components/vm/refusal.ts'
import type { Datastore } from './datastore-page.tsx'
import { spaceOf } from './space.ts'

const choices = [7, 14, 30, 90]

interface VerifyCardProps {
  datastore: Datastore
  damaged: number
  onChange: () => void
}

/** When all of it was last read and checked, and how that goes on by itself. */
export function VerifyCard({ datastore, damaged, onChange }: VerifyCardProps) {
  const trpc = useTRPC()
  const { id, verified, round, verifyDays, nextVerifyAt } = datastore
  const setDays = useMutation(
    trpc.datastore.setVerifyDays.mutationOptions({ onSuccess: onChange, onError: toastRefusal }),
  )
  const stored = spaceOf(datastore.shares)?.storedBytes ?? 0
  const days = choices.includes(verifyDays) ? choices : [...choices, verifyDays].sort((a, b) => a - b)
  return (
    <Card title="Verified">
      <div className="flex flex-col gap-3">
        <KeyValueList
          items={[
            {
              label: 'Last, all of it',
              value: verified ? <RelativeTime at={verified.endedAt} /> : 'never',
              note: verified && `${formatBytes(verified.checkedBytes)}, ${formatCount(verified.checkedChunks)} blocks`,
            },
            {
              label: 'Damaged now',
              value:
                damaged > 0 ? (
                  <StateBadge state="failed" label={formatCount(damaged)} variant="plain" />
                ) : verified ? (
                  <StateBadge state="running" label="Nothing" variant="plain" />
                ) : (
                  'Not known'
                ),
            },
            {
              label: 'This round',
              value:
                round && `${formatBytes(round.checkedBytes)} of ${formatBytes(Math.max(stored, round.checkedBytes))}`,
              note: round && (
                <>
                  begun <RelativeTime at={round.startedAt} />
                </>
              ),
            },
            { label: 'Goes on', value: <RelativeTime at={nextVerifyAt} /> },
          ]}
        />
        <Select
          label="By itself, all of it is read once in"
          value={String(verifyDays)}
          onChange={(value) => setDays.mutate({ id, verifyDays: Number(value) })}
          options={days.map((each) => ({ id: String(each), label: each === 1 ? 'a day' : `${each} days` }))}
        />
      </div>
    </Card>
  )
}
