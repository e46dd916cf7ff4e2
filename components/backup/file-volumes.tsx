'use client'

import NextLink from 'next/link'
import { usePathname } from 'next/navigation'
import type { Outputs } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { cx } from '#components/ui/class-name.ts'
import { formatBytes } from '#components/ui/format.ts'
import { folderHref } from './file-place.ts'
import { visibleName } from './file-words.ts'

export type RecoveryDisk = Outputs['recoveryFile']['volumes']['disks'][number]
export type Volume = RecoveryDisk['volumes'][number]

/** As a person calls it: by its own name, or by the guest's. */
export const volumeName = (disk: string, { number, label, name }: Volume) =>
  visibleName(label || name) || (number === 0 ? disk : `${disk}${number}`)

interface FileVolumesProps {
  recoveryPointId: string
  disks: readonly RecoveryDisk[]
  disk: string
  volume: number
}

/** Every disk with its partitions, and what is on each. */
export function FileVolumes({ recoveryPointId, disks, disk, volume }: FileVolumesProps) {
  const pathname = usePathname()
  return (
    <nav aria-label="Disks and partitions" className="flex flex-col gap-3 p-3">
      {disks.map(({ target, sizeBytes, volumes }) => (
        <div key={target}>
          <p className="flex items-baseline gap-2 px-2 pb-1 text-xs text-ink-muted">
            <span className="font-mono text-ink">{target}</span>
            {formatBytes(sizeBytes)}
          </p>
          <ul className="flex flex-col gap-px">
            {volumes.map((each) => {
              const isHere = target === disk && each.number === volume
              return (
                <li key={each.number}>
                  <NextLink
                    href={folderHref(pathname, { recoveryPointId, disk: target, volume: each.number, path: [] })}
                    aria-current={isHere ? 'true' : undefined}
                    className={cx(
                      'flex min-h-8 items-center gap-2 rounded-md px-2 text-sm',
                      isHere ? 'bg-selected text-ink' : 'hover:bg-hover',
                      each.obstacle !== null && 'text-ink-muted',
                    )}
                  >
                    <span className="min-w-0 flex-1 truncate">{volumeName(target, each)}</span>
                    <Badge tone="outline">
                      {each.kind ?? (each.obstacle?.includes('damaged') ? 'damaged' : 'unknown')}
                    </Badge>
                    <span className="w-16 shrink-0 text-right text-xs text-ink-muted tabular-nums">
                      {formatBytes(each.sizeBytes)}
                    </span>
                  </NextLink>
                </li>
              )
            })}
          </ul>
        </div>
      ))}
    </nav>
  )
}
