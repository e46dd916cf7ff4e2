import type { Outputs } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { formatAbsoluteTime } from '#components/ui/format.ts'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'

type Damage = Outputs['datastore']['get']['damages'][number]

const words: Record<string, string> = {
  chunk: 'Block',
  segment: 'List of blocks',
  pack: 'Pack',
  manifest: 'Recovery point',
  key: 'Key',
  other: 'Object',
}
const mostNamed = 6

interface DamageCardProps {
  damages: readonly Damage[]
  title?: string
  /** How what is broken is healed */
  wayOut: string
}

/** What is broken and whom it hurts, then what was and is whole again. */
export function DamageCard({ damages, title = 'Damage', wayOut }: DamageCardProps) {
  const isHurting = damages.some(({ healedAt, hurts }) => !healedAt && hurts.length > 0)
  return (
    <Card title={title} isFlush className="pb-1">
      {isHurting && <p className="px-4 pb-2 text-xs text-ink-muted">Nothing broken is ever restored. {wayOut}</p>}
      <ul aria-label={title} className="divide-y divide-line border-t border-line">
        {damages.map((damage) => (
          <li key={damage.id} className="flex flex-col gap-1 px-4 py-2 text-sm">
            <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
              {damage.healedAt ? (
                <StateBadge state="running" label="Healed" variant="plain" />
              ) : (
                <StateBadge state="failed" label="Damaged" variant="plain" />
              )}
              <span className="font-medium">
                {words[damage.what] ?? 'Object'}{' '}
                {damage.chunkId && <span className="font-mono text-xs">{damage.chunkId.slice(0, 12)}</span>}
              </span>
              <span className="text-xs text-ink-faint">
                {damage.tenantName && `of ${damage.tenantName}, `}found <RelativeTime at={damage.foundAt} />
                {damage.healedAt && (
                  <>
                    , healed <RelativeTime at={damage.healedAt} />
                  </>
                )}
              </span>
            </span>
            <span className="break-words text-xs text-ink-muted">
              {damage.reason}
              {damage.objectKey && !damage.reason.includes(damage.objectKey) && (
                <span className="block break-all font-mono text-ink-faint">{damage.objectKey}</span>
              )}
            </span>
            <Hurts damage={damage} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Hurts({ damage: { hurts, healedAt, what } }: { damage: Damage }) {
  if (hurts.length === 0) {
    return healedAt || what !== 'pack' ? null : (
      <span className="text-xs text-ink-muted">
        It hurts no recovery point by itself: its blocks are named apart, or stored elsewhere too.
      </span>
    )
  }
  return (
    <ul className="flex flex-wrap gap-x-4 text-xs">
      {hurts.slice(0, mostNamed).map(({ recoveryPointId, disk, chunkCount, point }) => (
        <li key={`${recoveryPointId} ${disk}`}>
          <span className="text-ink-faint">{healedAt ? 'hurt' : 'hurts'} </span>
          {point?.vmId ? (
            <Link href={`/vms/${point.vmId}/backups`}>{point.vmName}</Link>
          ) : (
            (point?.vmName ?? 'one removed since')
          )}
          {point && ` of ${formatAbsoluteTime(new Date(point.takenAt).getTime())}`}
          {disk && <span className="text-ink-faint">{` (${disk}, ${chunkCount} × 64 KiB)`}</span>}
        </li>
      ))}
      {hurts.length > mostNamed && <li className="text-ink-muted">and {hurts.length - mostNamed} more</li>}
    </ul>
  )
}
