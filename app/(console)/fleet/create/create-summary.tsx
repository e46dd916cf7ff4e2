'use client'

import { useQuery } from '@tanstack/react-query'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage, type ErrorMessageProps } from '#components/ui/error-message.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { KeyValueList } from '#components/ui/key-value-list.tsx'
import { Meter } from '#components/ui/meter.tsx'
import type { CreateDraft, Template } from './create-draft.ts'

export interface CreateSummaryProps {
  draft: CreateDraft
  template: Template | undefined
  places: Outputs['fleet']['places']
  isPending: boolean
  problemCount: number
  error: ErrorMessageProps | undefined
}

/** What will be made, what the tenant's quota says to it, and the button. */
export function CreateSummary({ draft, template, places, isPending, problemCount, error }: CreateSummaryProps) {
  const trpc = useTRPC()
  const tenant = useQuery({
    ...trpc.tenant.get.queryOptions({ tenantId: draft.tenantId ?? '' }),
    enabled: draft.tenantId !== null,
  })
  const diskBytes = draft.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)
  const use = quotaUse(draft, diskBytes, draft.tenantId ? tenant.data : undefined)
  const over = use.filter(({ used, limit }) => limit !== null && used > limit)
  const site = places.sites.find((each) => each.id === draft.siteId)?.name
  const host = places.hosts.find((each) => each.id === draft.hostId)?.name
  return (
    <div className="flex flex-col gap-4 lg:sticky lg:top-4">
      <Card title={draft.name || 'The new VM'}>
        <KeyValueList
          items={[
            { label: 'From', value: template?.name ?? 'Blank disks' },
            { label: 'At', value: [site, host].filter(Boolean).join(', ') },
            { label: 'Size', value: `${formatCount(draft.vcpuCount)} vCPU, ${formatBytes(draft.memoryBytes)}` },
            { label: 'Disks', value: `${draft.disks.length}, ${formatBytes(diskBytes)}` },
            { label: 'Networks', value: draft.networks.map(({ name }) => name).join(', ') },
          ]}
        />
      </Card>
      {draft.tenantId && (
        <Card title={`Quota of ${tenant.data?.name ?? 'the tenant'} with it`}>
          <div className="flex flex-col gap-3">
            {tenant.error && <p className="text-xs text-failed">It could not be read: {tenant.error.message}</p>}
            {use.map((meter) => (
              <Meter key={meter.label} {...meter} />
            ))}
          </div>
        </Card>
      )}
      {error && <ErrorMessage {...error} />}
      <div className="flex flex-col gap-2">
        <Button
          type="submit"
          variant="primary"
          isPending={isPending}
          disabledReason={over[0] ? `More ${over[0].label} than the quota allows` : undefined}
        >
          {draft.start ? 'Create and start' : 'Create'}
        </Button>
        <ButtonLink href="/fleet">Cancel</ButtonLink>
        {problemCount > 0 && (
          <p role="alert" className="text-xs text-failed">
            {problemCount === 1 ? 'One field needs' : `${problemCount} fields need`} another look.
          </p>
        )}
      </div>
    </div>
  )
}

/** Use with the new VM against each limit. */
function quotaUse(draft: CreateDraft, diskBytes: number, tenant: Outputs['tenant']['get'] | undefined) {
  if (!tenant) return []
  const { use, quotas } = tenant
  const limit = (value: bigint | number | null) => (value === null ? null : Number(value))
  return [
    { label: 'VMs', used: use.vms + 1, limit: quotas.vms, unit: 'count' as const },
    { label: 'vCPUs', used: use.vcpus + (draft.vcpuCount || 0), limit: quotas.vcpus, unit: 'count' as const },
    {
      label: 'Memory',
      used: Number(use.memoryBytes) + draft.memoryBytes,
      limit: limit(quotas.memoryBytes),
      unit: 'bytes' as const,
    },
    {
      label: 'Disk',
      used: Number(use.diskBytes) + diskBytes,
      limit: limit(quotas.diskBytes),
      unit: 'bytes' as const,
    },
  ]
}
