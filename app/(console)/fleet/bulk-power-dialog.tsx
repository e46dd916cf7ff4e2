'use client'

import { useMutation } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { refusal } from '#components/vm/refusal.ts'
import { announceBulk, type BulkDialogProps } from './bulk.ts'
import { BulkNames } from './bulk-names.tsx'

/** Shuts many down, or forces them off. */
export function BulkPowerDialog(props: BulkDialogProps & { action: 'shutdown' | 'force-off' }) {
  const { ids, selected, action, onClose } = props
  const trpc = useTRPC()
  const power = useMutation(
    trpc.vm.bulkPower.mutationOptions({
      onSuccess: (result) => {
        announceBulk(result)
        onClose()
      },
    }),
  )
  const isHard = action === 'force-off'
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      tone={isHard ? 'danger' : 'primary'}
      title={`${isHard ? 'Force off' : 'Shut down'} ${formatCounted(ids.length, 'VM')}?`}
      confirmLabel={isHard ? 'Force off' : 'Shut down'}
      onConfirm={() => power.mutate({ ids, action })}
      isPending={power.isPending}
      error={refusal('Nothing was begun', power.error)}
    >
      <BulkNames count={ids.length} selected={selected} />
      <p>
        {isHard
          ? 'They end as if their power cords were pulled. What programs in them have not written to disk is lost.'
          : 'Each guest is asked to stop by itself and gets two minutes. Nothing is forced.'}
      </p>
    </ConfirmDialog>
  )
}
