'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { ReadingDialog } from '#components/trpc/reading-dialog.tsx'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { DialogBody } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Select } from '#components/ui/select.tsx'
import { refusal } from './refusal.ts'
import type { NamedVm } from './vm-command.tsx'

interface AskBackupProps {
  vm: Outputs['vm']['get']
  page: Outputs['backup']['list']
  onClose: () => void
}

/** Takes a recovery point of the VM as it is now. */
export function BackUpDialog({ vm: { id, name }, onClose }: { vm: NamedVm; onClose: () => void }) {
  const trpc = useTRPC()
  const vm = useQuery(trpc.vm.get.queryOptions({ id }))
  const page = useQuery(trpc.backup.list.queryOptions({ vmId: id }))
  return (
    <ReadingDialog title={`Back up ${name}`} size="sm" query={vm.data ? page : vm} onClose={onClose}>
      {vm.data && page.data && <AskBackup vm={vm.data} page={page.data} onClose={onClose} />}
    </ReadingDialog>
  )
}

function AskBackup({ vm, page, onClose }: AskBackupProps) {
  const trpc = useTRPC()
  const last = page.recoveryPoints[0]?.datastore.id
  const [datastoreId, setDatastoreId] = useState(last ?? page.datastores[0]?.id ?? '')
  const [full, setFull] = useState(false)
  const start = useMutation(trpc.backup.start.mutationOptions({ onSuccess: onClose }))
  const hasEarlier = page.recoveryPoints.some((point) => point.datastore.id === datastoreId)
  const error = refusal(`${vm.name} was not backed up`, start.error)
  return (
    <DialogBody
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isPending={start.isPending}
            disabledReason={
              datastoreId ? undefined : 'There is no datastore yet: an operator adds one under Datastores'
            }
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
    </DialogBody>
  )
}
