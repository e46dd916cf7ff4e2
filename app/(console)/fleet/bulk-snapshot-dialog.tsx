'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { suggestedName } from '#components/vm/snapshot-name.ts'
import { SnapshotName } from '#server/schema/snapshot.ts'
import { announceBulk, type BulkDialogProps } from './bulk.ts'
import { BulkNames } from './bulk-names.tsx'

/** Takes a snapshot of each of many VMs, under one name. */
export function BulkSnapshotDialog({ ids, selected, onClose }: BulkDialogProps) {
  const trpc = useTRPC()
  const [name, setName] = useState(() => suggestedName('', []))
  const [withMemory, setWithMemory] = useState(true)
  const take = useMutation(
    trpc.vm.bulkSnapshot.mutationOptions({
      onSuccess: (result) => {
        announceBulk(result)
        onClose()
      },
    }),
  )
  const problem = SnapshotName.safeParse(name).error?.issues[0]?.message
  const error = refusal('Nothing was begun', take.error)
  return (
    <FormDialog
      title={`Take snapshots of ${formatCounted(ids.length, 'VM')}`}
      size="sm"
      submitLabel="Take snapshots"
      isPending={take.isPending}
      isIncomplete={Boolean(problem)}
      onSubmit={() => take.mutate({ ids, name, withMemory })}
      onClose={onClose}
    >
      <BulkNames count={ids.length} selected={selected} />
      <TextField label="Name of each" value={name} onChange={setName} isMono autoFocus maxLength={63} error={problem} />
      <Checkbox
        isSelected={withMemory}
        onChange={setWithMemory}
        description="Those that run stand still while it is saved. Without it, going back starts them anew."
      >
        With memory
      </Checkbox>
      {error && <ErrorMessage {...error} />}
    </FormDialog>
  )
}
