'use client'

import { VolumeList } from '#components/host/volume-list.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { Meter } from '#components/ui/meter.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { useHost } from '../use-host.ts'

/** The storage pools of this host, each with its use; its volumes when opened. */
export function HostStorage() {
  const host = useHost()
  return (
    <div className="flex flex-col gap-3 p-4">
      {host.storagePools.length === 0 && (
        <EmptyState title="It has no storage pool">
          VMs’ disks lie in storage pools of libvirt. Define one on the host; it shows here by itself.
        </EmptyState>
      )}
      {host.storagePools.map((pool) => (
        <Card key={pool.id}>
          <div className="grid items-center gap-x-6 gap-y-2 md:grid-cols-[minmax(180px,1fr)_minmax(200px,2fr)]">
            <div className="min-w-0">
              <h2 className="flex flex-wrap items-center gap-2 text-sm font-semibold text-ink">
                {pool.name}
                <Badge tone="outline">{pool.kind}</Badge>
                {pool.sharedKey && <Badge tone="accent">shared</Badge>}
                {!pool.active && <StateBadge state="off" label="Not active" />}
              </h2>
              <p className="truncate font-mono text-xs text-ink-muted">{pool.path}</p>
            </div>
            <Meter
              label="Used"
              used={Number(pool.allocationBytes)}
              limit={Number(pool.capacityBytes)}
              unit="bytes"
              warnAt={0.85}
            />
          </div>
          <VolumeList pool={{ id: pool.id, name: pool.name, count: pool._count.volumes }} />
        </Card>
      ))}
    </div>
  )
}
