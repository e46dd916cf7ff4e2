'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { recallText } from '#components/archive/archive-words.ts'
import { type ArchivedPoint, ArchivedPointList } from '#components/archive/archived-point-list.tsx'
import { NewVmDialog } from '#components/recovery-point/new-vm-dialog.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { Select } from '#components/ui/select.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { refusal } from '#components/vm/refusal.ts'
import type { Vm } from '../use-vm.ts'
import { RestoreConfirm } from './restore-confirm.tsx'
import type { BackupPage } from './use-backups.ts'

/** What of the VM is in archive stores, with what getting it back takes. */
export function ArchivedPoints({ vm, page }: { vm: Vm; page: BackupPage }) {
  const query = useQuery(useTRPC().archive.points.queryOptions({ vmId: vm.id }))
  const failed = unread(query)
  const points = query.data ?? []
  const [command, setCommand] = useState<{
    kind: 'restore' | 'restore-new' | 'clone' | 'bring-back'
    point: ArchivedPoint
  }>()
  const close = () => setCommand(undefined)
  if (failed) {
    return (
      <Card title="In the archive" isFlush>
        <ErrorMessage {...pageFailure('What is in the archive could not be read', failed)} />
      </Card>
    )
  }
  if (points.length === 0) return null
  return (
    <Card title={`${formatCount(points.length)} in the archive`} isFlush className="pb-1">
      <ArchivedPointList
        points={points}
        restoreRefusal={whyNot(page.can.restore)}
        restoreNewRefusal={whyNot(page.can.restoreNew)}
        onRestore={(point) => setCommand({ kind: 'restore', point })}
        onRestoreNew={(point) => setCommand({ kind: 'restore-new', point })}
        onClone={(point) => setCommand({ kind: 'clone', point })}
        onBringBack={(point) => setCommand({ kind: 'bring-back', point })}
      />
      {command?.kind === 'restore' && <RestoreFromArchive vm={vm} point={command.point} onClose={close} />}
      {(command?.kind === 'restore-new' || command?.kind === 'clone') && (
        <NewVmDialog
          recoveryPoint={command.point}
          isClone={command.kind === 'clone'}
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
  return (
    <RestoreConfirm
      vm={vm}
      point={point}
      archiveStoreId={point.archiveStoreId}
      title={`Restore ${vm.name} from the archive?`}
      about={(isAll) => (
        <>
          Reading {isAll ? '' : 'all of them '}from {point.archiveStore.name} takes{' '}
          <strong>{recallText(point.recall)}</strong>
          {!isAll && ', and some of them less'}: only what differs from what the VM is now is read.
        </>
      )}
      onClose={onClose}
    >
      {() => <p>What it is now is backed up first, so that you can come back to it.</p>}
    </RestoreConfirm>
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
  const noStore = page.datastores.length === 0 ? 'There is no datastore: an operator adds one' : undefined
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title="Bring this recovery point back?"
      confirmLabel="Bring back"
      tone="primary"
      isPending={bringBack.isPending}
      disabledReason={noStore ?? (datastoreId ? undefined : 'Choose a datastore first')}
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
        isDisabled={noStore !== undefined}
        description={noStore}
        options={page.datastores.map(({ id, name }) => ({ id, label: name }))}
      />
    </ConfirmDialog>
  )
}
