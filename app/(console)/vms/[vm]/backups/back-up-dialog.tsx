'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Select } from '#components/ui/select.tsx'
import { refusal } from '#components/vm/refusal.ts'
import type { Vm } from '../use-vm.ts'
import type { BackupPage } from './use-backups.ts'

interface BackUpDialogProps {
  vm: Vm
  page: BackupPage
  onClose: () => void
}

/** Takes a recovery point of the VM as it is now. */
export function BackUpDialog({ vm, page, onClose }: BackUpDialogProps) {
  const trpc = useTRPC()
  const last = page.recoveryPoints[0]?.datastore.id
  const [datastoreId, setDatastoreId] = useState(last ?? page.datastores[0]?.id ?? '')
  const [full, setFull] = useState(false)
  const start = useMutation(trpc.backup.start.mutationOptions({ onSuccess: onClose }))
  const hasEarlier = page.recoveryPoints.some((point) => point.datastore.id === datastoreId)
  const error = refusal(`${vm.name} was not backed up`, start.error)
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Back up ${vm.name}`}
      size="sm"
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isPending={start.isPending}
            onPress={() => start.mutate({ vmId: vm.id, datastoreId, full })}
          >
            Back up
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 text-sm">
        <Select
          label="Datastore"
          value={datastoreId}
          onChange={setDatastoreId}
          options={page.datastores.map(({ id, name }) => ({ id, label: name }))}
        />
        <p className="text-ink-muted">
          {vm.state === 'off'
            ? 'It is off: its disks are opened without starting it.'
            : vm.agentConnected
              ? 'It runs on; its guest agent freezes the file systems for an instant, so files are whole. PostgreSQL, MySQL and own scripts are readied first, where it has them.'
              : 'It runs on. Without a guest agent the copy is as after a power cut.'}
          {hasEarlier && !full && ' Only what has changed since the last backup is read.'}
        </p>
        {hasEarlier && (
          <Checkbox
            isSelected={full}
            onChange={setFull}
            description="Takes as long as the first one. What the datastore has already is not stored again."
          >
            Read every block
          </Checkbox>
        )}
        {error && <ErrorMessage {...error} />}
      </div>
    </Dialog>
  )
}
