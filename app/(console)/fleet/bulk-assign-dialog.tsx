'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { Select } from '#components/ui/select.tsx'
import { refusal } from '#components/vm/refusal.ts'
import type { BulkDialogProps } from './bulk.ts'
import { BulkNames } from './bulk-names.tsx'
import { BulkResultDialog } from './bulk-result-dialog.tsx'

const nobody = 'nobody'

/** Gives many VMs to a tenant, within its quota, or takes them back. */
export function BulkAssignDialog({ ids, selected, onClose }: BulkDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const [tenantId, setTenantId] = useState<string | null>(null)
  const assign = useMutation(
    trpc.vm.assign.mutationOptions({
      onSuccess: ({ done, refused }) => {
        void client.invalidateQueries({ queryKey: trpc.vm.pathKey() })
        if (refused.length > 0) return
        toast.success(`${formatCounted(done.length, 'VM')} ${tenantId === nobody ? 'taken back' : 'assigned'}`)
        onClose()
      },
    }),
  )
  const error = refusal('Nothing was assigned', assign.error)
  if (assign.data) return <BulkResultDialog title="Not all were assigned" result={assign.data} onClose={onClose} />
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Assign ${formatCounted(ids.length, 'VM')}`}
      description="The tenant’s people see them at once, with their history; the tenant before no longer does."
      size="sm"
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isPending={assign.isPending}
            disabledReason={tenantId ? undefined : 'Choose a tenant first'}
            onPress={() => assign.mutate({ ids, tenantId: tenantId === nobody ? null : tenantId })}
          >
            Assign
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <BulkNames count={ids.length} selected={selected} />
        <Select
          label="To"
          value={tenantId}
          onChange={setTenantId}
          options={[
            ...(places.data?.tenants ?? []).map(({ id, name }) => ({ id, label: name })),
            { id: nobody, label: 'Unassigned', detail: 'Operators alone see them' },
          ]}
        />
        {error && <ErrorMessage {...error} />}
      </div>
    </Dialog>
  )
}
