'use client'

import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { Volumes } from '#components/host/volume-list.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Link } from '#components/ui/link.tsx'
import { Meter } from '#components/ui/meter.tsx'
import { poolToRead, type StorageGroup } from './storage-group.ts'

/** A storage pool with the hosts that see it and its volumes. */
export function StorageDialog({ group, onClose }: { group: StorageGroup; onClose: () => void }) {
  const pool = poolToRead(group)
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={group.name}
      description={`${group.kind}${group.path ? `, ${group.path}` : ''}`}
      size="xl"
    >
      <div className="flex flex-col gap-4">
        <div className="grid items-end gap-4 sm:grid-cols-2">
          <Meter label="Used" used={group.usedBytes} limit={group.capacityBytes} unit="bytes" warnAt={0.85} />
          <p className="text-sm text-ink-muted">
            {group.isShared ? 'Shared by ' : 'On '}
            {group.pools.map((each, index) => (
              <span key={each.id}>
                {index > 0 && ', '}
                <Link href={`/hosts/${each.host.id}/storage`}>{each.host.name}</Link>
                {each.host.simulated && (
                  <>
                    {' '}
                    <SimulatedBadge />
                  </>
                )}
                {!each.active && ' (not active there)'}
              </span>
            ))}
          </p>
        </div>
        {pool && (
          <div className="overflow-hidden rounded-md border border-line">
            <Volumes pool={pool} />
          </div>
        )}
      </div>
    </Dialog>
  )
}
