'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { recallText } from '#components/archive/archive-words.ts'
import { type ArchivedPoint, ArchivedPointList } from '#components/archive/archived-point-list.tsx'
import { NewVmDialog } from '#components/recovery-point/new-vm-dialog.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Select } from '#components/ui/select.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { refusal } from '#components/vm/refusal.ts'
import type { Vm } from '../use-vm.ts'
import type { BackupPage } from './use-backups.ts'

/** What of the VM is in archive stores, with what getting it back takes. */
export function ArchivedPoints({ vm, page }: { vm: Vm; page: BackupPage }) {
  const points = useQuery(useTRPC().archive.points.queryOptions({ vmId: vm.id })).data ?? []
  const [command, setCommand] = useState<{ kind: 'restore' | 'restore-new' | 'bring-back'; point: ArchivedPoint }>()
  const close = () => setCommand(undefined)
  if (points.length === 0) return null
  return (
    <Card title={`${formatCount(points.length)} in the archive`} isFlush className="pb-1">
      <ArchivedPointList
        points={points}
        restoreRefusal={whyNot(page.can.restore)}
        restoreNewRefusal={whyNot(page.can.restoreNew)}
        onRestore={(point) => setCommand({ kind: 'restore', point })}
        onRestoreNew={(point) => setCommand({ kind: 'restore-new', point })}
        onBringBack={(point) => setCommand({ kind: 'bring-back', point })}
      />
      {command?.kind === 'restore' && <RestoreFromArchive vm={vm} point={command.point} onClose={close} />}
      {command?.kind === 'restore-new' && (
        <NewVmDialog
          recoveryPoint={command.point}
          isClone={false}
          archived={command.point}
          isGone={false}
          onClose={close}
        />
      )}
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
