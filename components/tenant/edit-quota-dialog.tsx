'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
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
    <FormDialog
      title={`Quota of ${tenant.name}`}
      description="A limit below what is used takes nothing away, but nothing more is given."
      submitLabel="Save"
      isPending={save.isPending}
      onSubmit={() => save.mutate({ tenantId: tenant.id, ...asQuota(quota) })}
      onClose={onClose}
    >
      <QuotaFields draft={quota} onChange={setQuota} />
      {save.error && <ErrorMessage {...failure('The quota was not changed', save.error)} />}
    </FormDialog>
  )
}
