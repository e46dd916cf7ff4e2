'use client'

import { ButtonLink } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { VmTable } from '../../../fleet/vm-table.tsx'
import { useHost } from '../use-host.ts'

/** The VMs on this host: the fleet's table of them alone. */
export function HostVms() {
  const host = useHost()
  return (
    <VmTable
      label={`VMs on ${host.name}`}
      filter={`host:${host.name}`}
      hiddenColumns={['site', 'host']}
      empty={
        <EmptyState
          title="It has no VMs"
          action={
            <ButtonLink href="/fleet/create" variant="primary">
              Create a VM
            </ButtonLink>
          }
        >
          VMs made on it outside Skerry show here by themselves.
        </EmptyState>
      }
    />
  )
}
