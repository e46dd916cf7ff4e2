import type { Outputs } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { formatBytes, formatCounted } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'

/** What the tenant's backups take in each datastore, beside what they would restore. */
export function TenantBackupsCard({ backups }: { backups: Outputs['tenant']['get']['backups'] }) {
  if (backups.length === 0) return null
  return (
    <Card title="Backups" isFlush>
      <ul className="divide-y divide-line border-t border-line">
        {backups.map((share) => (
          <li key={share.datastoreName} className="flex items-baseline gap-3 px-4 py-2 text-sm">
            <span className="min-w-0 flex-1">
              <span className="block truncate">{share.datastoreName}</span>
              <span className="block text-xs text-ink-faint">
                {formatCounted(share.recoveryPoints, 'recovery point')}, measured <RelativeTime at={share.measuredAt} />
              </span>
            </span>
            <span className="text-right">
              {formatBytes(share.storedBytes)} stored
              <span className="block text-xs text-ink-faint">of {formatBytes(share.restorableBytes)} restorable</span>
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}
