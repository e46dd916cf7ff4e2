'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { asQuota, QuotaFields, quotaDraft } from './quota-fields.tsx'

/** Changes a tenant's limits; below what is used nothing is taken away, but nothing more is given. */
export function EditQuotaDialog({ tenant, onClose }: { tenant: Outputs['tenant']['get']; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [quota, setQuota] = useState(() => quotaDraft(tenant.quotas))
  const save = useMutation(
    trpc.tenant.setQuota.mutationOptions({
      onSuccess: () => {
        void client.invalidateQueries({ queryKey: trpc.tenant.pathKey() })
        onClose()
      },
    }),
  )
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Quota of ${tenant.name}`}
      description="A limit below what is used takes nothing away, but nothing more is given."
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form="edit-quota" isPending={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form
        id="edit-quota"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ tenantId: tenant.id, ...asQuota(quota) })
        }}
      >
        <QuotaFields draft={quota} onChange={setQuota} />
        {save.error && <ErrorMessage {...failure('The quota was not changed', save.error)} />}
      </form>
    </Dialog>
  )
}
