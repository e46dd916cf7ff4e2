'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Select } from '#components/ui/select.tsx'
import { Switch } from '#components/ui/switch.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import type { Vm } from '../use-vm.ts'

const nobody = 'nobody'

/** Whose it is, and whether it may be deleted. */
export function AssignCard({ vm }: { vm: Vm }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const [tenantId, setTenantId] = useState(vm.tenantId ?? nobody)
  const reread = () => client.invalidateQueries({ queryKey: trpc.vm.get.queryKey({ id: vm.id }) })
  const assign = useMutation(trpc.vm.assign.mutationOptions({ onSuccess: reread }))
  const protect = useMutation(trpc.vm.setProtected.mutationOptions({ onSuccess: reread }))
  const error = assign.error ?? protect.error
  return (
    <Card title="Ownership">
      <div className="flex flex-col gap-4">
        {vm.may.assign === true ? (
          <div className="flex items-end gap-2">
            <Select
              label="Tenant"
              value={tenantId}
              onChange={setTenantId}
              options={[
                { id: nobody, label: 'Unassigned' },
                ...(places.data?.tenants ?? []).map(({ id, name }) => ({ id, label: name })),
              ]}
              className="min-w-0 flex-1"
            />
            <Button
              isDisabled={tenantId === (vm.tenantId ?? nobody)}
              isPending={assign.isPending}
              onPress={() => assign.mutate({ ids: [vm.id], tenantId: tenantId === nobody ? null : tenantId })}
            >
              Assign
            </Button>
          </div>
        ) : (
          <p className="text-sm">
            It belongs to <span className="font-medium">{vm.tenant?.name ?? 'no tenant'}</span>.
          </p>
        )}
        <Switch
          isSelected={vm.protected}
          onChange={(isProtected) => protect.mutate({ id: vm.id, protected: isProtected })}
          isDisabled={vm.may.protect !== true}
          description={whyNot(vm.may.protect)}
        >
          Protected against deletion
        </Switch>
        {error && (
          <ErrorMessage
            title="That was not changed"
            message={error.message}
            whatToDo={error.data?.skerry.wayOut}
            requestId={error.data?.skerry.requestId}
          />
        )}
      </div>
    </Card>
  )
}
