'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { Download, History } from 'lucide-react'
import { useState } from 'react'
import { formatMoney, recallText } from '#components/archive/archive-words.ts'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { formatAbsoluteTime, formatBytes, formatCount, formatDuration } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Select } from '#components/ui/select.tsx'
import { refusal } from '#components/vm/refusal.ts'
import type { Vm } from '../use-vm.ts'
import type { BackupPage } from './use-backups.ts'

export type ArchivedPoint = Outputs['archive']['points'][number]
const localWord = { gone: 'archive only', invalid: 'local copy invalid', whole: 'here too' } as const

/** What of the VM is in archive stores, with what getting it back takes. */
export function ArchivedPoints({ vm, page }: { vm: Vm; page: BackupPage }) {
  const points = useQuery(useTRPC().archive.points.queryOptions({ vmId: vm.id })).data ?? []
  const [command, setCommand] = useState<{ kind: 'restore' | 'bring-back'; point: ArchivedPoint }>()
  const close = () => setCommand(undefined)
  if (points.length === 0) return null
  const reason = page.can.restore === true ? undefined : page.can.restore
  return (
    <Card title={`${formatCount(points.length)} in the archive`} isFlush className="pb-1">
      <ol aria-label="Archived recovery points, newest first" className="divide-y divide-line">
        {points.map((point) => {
          const when = formatAbsoluteTime(new Date(point.takenAt).getTime())
          return (
            <li
              key={`${point.id} ${point.archiveStoreId}`}
              className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm"
            >
              <span className="w-48 shrink-0">
                <RelativeTime at={point.takenAt} className="font-medium" />
                <span className="block text-ink-faint text-xs">{when}</span>
              </span>
              <span className="w-44 shrink-0">
                {point.archiveStore.name}
                <span className="block text-ink-muted text-xs">
                  until <RelativeTime at={point.expiresAt} />
                </span>
              </span>
              <span className="min-w-48 flex-1">
                <Badge tone="outline">{localWord[point.local]}</Badge>
                <span className="block text-ink-muted text-xs">
                  to get it back at most {formatMoney(point.recall.cost, point.recall.currency)} and{' '}
                  {formatDuration(point.recall.seconds)}
                </span>
              </span>
              <Button
                size="sm"
                icon={<History size={13} aria-hidden="true" />}
                label={`Restore from the archive to ${when}`}
                disabledReason={reason}
                onPress={() => setCommand({ kind: 'restore', point })}
              >
                Restore…
              </Button>
              <Button
                size="sm"
                variant="quiet"
                icon={<Download size={13} aria-hidden="true" />}
                label={`Bring back the recovery point of ${when}`}
                disabledReason={reason ?? (point.local === 'whole' ? 'It is here too' : undefined)}
                onPress={() => setCommand({ kind: 'bring-back', point })}
              >
                Bring back…
              </Button>
            </li>
          )
        })}
      </ol>
      {command?.kind === 'restore' && <RestoreFromArchive vm={vm} point={command.point} onClose={close} />}
      {command?.kind === 'bring-back' && <BringBack vm={vm} page={page} point={command.point} onClose={close} />}
    </Card>
  )
}

interface RestoreFromArchiveProps {
  vm: Vm
  point: ArchivedPoint
  onClose: () => void
}

/** Leads the VM back in place, straight from the archive; what that takes is said first. */
export function RestoreFromArchive({ vm, point, onClose }: RestoreFromArchiveProps) {
  const trpc = useTRPC()
  const restore = useMutation(trpc.backup.restore.mutationOptions({ onSuccess: onClose }))
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Restore ${vm.name} from the archive?`}
      confirmLabel="Restore"
      typedName={vm.name}
      tone="primary"
      isPending={restore.isPending}
      onConfirm={() => restore.mutate({ vmId: vm.id, recoveryPointId: point.id, archiveStoreId: point.archiveStoreId })}
      error={refusal(`${vm.name} was not restored`, restore.error)}
    >
      <p>
        Its disks become what they were <RelativeTime at={point.takenAt} className="font-medium text-ink" />. Reading
        from {point.archiveStore.name} takes <strong>{recallText(point.recall)}</strong>: only what differs from what
        the VM is now is read.
      </p>
      <p>What it is now is backed up first, so that you can come back to it.</p>
    </ConfirmDialog>
  )
}

interface BringBackProps {
  vm: Vm
  page: BackupPage
  point: ArchivedPoint
  onClose: () => void
}

function BringBack({ vm, page, point, onClose }: BringBackProps) {
  const trpc = useTRPC()
  const [datastoreId, setDatastoreId] = useState(page.recoveryPoints[0]?.datastore.id ?? page.datastores[0]?.id ?? '')
  const bringBack = useMutation(trpc.archive.bringBack.mutationOptions({ onSuccess: onClose }))
  const { id: recoveryPointId, archiveStoreId, recall } = point
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Bring this recovery point back?"
      confirmLabel="Bring back"
      tone="primary"
      isPending={bringBack.isPending}
      onConfirm={() => bringBack.mutate({ vmId: vm.id, recoveryPointId, archiveStoreId, datastoreId })}
      error={refusal('It was not brought back', bringBack.error)}
    >
      <p>
        {point.local === 'invalid'
          ? 'Its copy in the datastore becomes valid again; nothing is read from the archive.'
          : `It takes ${recallText(recall)}; what the datastore has of it already is not read. `}
        It stays in the archive, which has {formatBytes(point.storedBytes)} of it.
      </p>
      <Select
        label="Datastore"
        value={datastoreId}
        onChange={setDatastoreId}
        options={page.datastores.map(({ id, name }) => ({ id, label: name }))}
      />
    </ConfirmDialog>
  )
}
