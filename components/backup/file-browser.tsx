'use client'

import { useQuery } from '@tanstack/react-query'
import { HardDrive } from 'lucide-react'
import { useQueryStates } from 'nuqs'
import type { ReactNode } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { placeParams } from './file-place.ts'
import { FileTable } from './file-table.tsx'
import { FileVolumes, volumeName } from './file-volumes.tsx'

interface FileBrowserProps {
  recoveryPointId: string
  /** A way back to where the recovery point stands */
  actions?: ReactNode
}

/** The files of a recovery point, to look at and to download; it needs no VM. */
export function FileBrowser({ recoveryPointId, actions }: FileBrowserProps) {
  const query = useQuery(useTRPC().recoveryFile.volumes.queryOptions({ recoveryPointId }, { retry: false }))
  const [place] = useQueryStates(placeParams)
  if (query.error) {
    const { error } = query
    return <ErrorMessage {...pageFailure('The files of this recovery point can’t be shown', { ...query, error })} />
  }
  if (!query.data) return <SkeletonRows rows={8} label="Opening the recovery point" />
  const { disks, vmName, takenAt } = query.data
  const all = disks.flatMap(({ target, volumes }) => volumes.map((volume) => ({ disk: target, volume })))
  const named = all.find(({ disk, volume }) => disk === place.disk && volume.number === place.volume)
  // The largest one that can be read is most likely what somebody came for.
  const [largest] = all
    .filter(({ volume }) => volume.obstacle === null)
    .sort((a, b) => b.volume.sizeBytes - a.volume.sizeBytes)
  const shown = named ?? largest ?? all[0]
  return (
    <Card
      isFlush
      actions={actions}
      title={
        <>
          Files of {vmName} <RelativeTime at={takenAt} className="font-normal text-ink-muted" />
        </>
      }
      className="overflow-hidden"
    >
      {shown ? (
        <div className="mt-1 flex min-w-0 flex-col border-t border-line lg:flex-row">
          <div className="shrink-0 border-line max-lg:border-b lg:w-72 lg:border-r">
            <FileVolumes
              recoveryPointId={recoveryPointId}
              disks={disks}
              disk={shown.disk}
              volume={shown.volume.number}
            />
          </div>
          {shown.volume.obstacle === null ? (
            <FileTable
              recoveryPointId={recoveryPointId}
              disk={shown.disk}
              volume={shown.volume.number}
              rootName={volumeName(shown.disk, shown.volume)}
            />
          ) : (
            <EmptyState
              icon={<HardDrive size={24} aria-hidden="true" />}
              title={`The files of ${volumeName(shown.disk, shown.volume)} can’t be shown${shown.volume.kind ? `: it is ${shown.volume.kind}` : ''}`}
              className="flex-1"
            >
              <p>{shown.volume.obstacle}</p>
              <p className="mt-1">Restore this recovery point as a new VM, and take the files from there.</p>
            </EmptyState>
          )}
        </div>
      ) : (
        <EmptyState icon={<HardDrive size={24} aria-hidden="true" />} title="This recovery point has no disk" />
      )}
    </Card>
  )
}
