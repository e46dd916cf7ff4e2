'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { reasonAgainstHost } from '#components/host/host-words.ts'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCounted } from '#components/ui/format.ts'
import { Select } from '#components/ui/select.tsx'
import { MigrateOptions, usualOptions } from '#components/vm/migrate/migrate-options.tsx'
import { type PlannedMove, reasonToWait } from '#components/vm/migrate/plan-words.ts'
import { refusal } from '#components/vm/refusal.ts'
import { announceBulk, type BulkDialogProps } from './bulk.ts'
import { BulkMovePlan } from './bulk-move-plan.tsx'
import { BulkNames } from './bulk-names.tsx'

type Host = Outputs['fleet']['places']['hosts'][number]

/** Moves many to one host. Each is judged alone; those that can't go there stay, with the reason. */
export function BulkMigrateDialog({ ids, selected, onClose }: BulkDialogProps) {
  const trpc = useTRPC()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const [hostId, setHostId] = useState<string | null>(null)
  const [options, setOptions] = useState(usualOptions)
  const plan = useQuery({
    ...trpc.vm.bulkMigratePlan.queryOptions({ ids, destinationHostId: hostId ?? '' }, { staleTime: 0 }),
    enabled: hostId !== null,
  })
  const standing = plan.data?.filter(({ way }) => way === 'saved') ?? []
  const migrate = useMutation(
    trpc.vm.bulkMigrate.mutationOptions({
      onSuccess: (result) => {
        announceBulk(result)
        onClose()
      },
    }),
  )
  const siteName = (host: Host) => places.data?.sites.find((site) => site.id === host.siteId)?.name
  const neededBytes = selected
    .filter((vm) => vm.hostId !== hostId && vm.state !== 'off')
    .reduce((sum, vm) => sum + vm.memoryBytes, 0)
  const error = refusal('Nothing was begun', migrate.error)
  const host = places.data?.hosts.find((each) => each.id === hostId)
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Migrate ${formatCounted(ids.length, 'VM')}`}
      description="Each is looked at alone: those that can’t go there stay where they are, and the result says why."
      size="md"
      footerNote={
        host && `${formatBytes(neededBytes)} of memory needed, ${formatBytes(Number(host.memoryFreeBytes))} free`
      }
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isPending={migrate.isPending}
            disabledReason={reasonAgainst(hostId, plan)}
            onPress={() =>
              hostId &&
              migrate.mutate({
                ids,
                destinationHostId: hostId,
                standStill: standing.map(({ vmId }) => vmId),
                ...options,
              })
            }
          >
            {host ? `Migrate to ${host.name}` : 'Migrate'}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <BulkNames count={ids.length} selected={selected} />
        <Select
          label="To the host"
          value={hostId}
          onChange={setHostId}
          options={(places.data?.hosts ?? []).map((each) => ({
            id: each.id,
            label: each.name,
            detail: [siteName(each), `${formatBytes(Number(each.memoryFreeBytes))} of memory free`].join(' · '),
            badge: each.simulated && <SimulatedBadge />,
            disabledReason: reasonAgainstHost(each),
          }))}
        />
        {hostId && <BulkMovePlan plan={plan} />}
        <MigrateOptions value={options} onChange={setOptions} isLiveMove />
        {error && <ErrorMessage {...error} />}
      </div>
    </Dialog>
  )
}

interface Plan {
  data: readonly PlannedMove[] | undefined
  isFetching: boolean
  isError: boolean
}

function reasonAgainst(hostId: string | null, plan: Plan): string | undefined {
  if (!hostId) return 'Choose a host first'
  return reasonToWait(plan) ?? (plan.data?.some(({ way }) => way) ? undefined : 'None of them can move there')
}
