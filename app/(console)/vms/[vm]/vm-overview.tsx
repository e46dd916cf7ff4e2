'use client'

import { Card } from '#components/ui/card.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { type KeyValue, KeyValueList } from '#components/ui/key-value-list.tsx'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { useVm, type Vm } from './use-vm.ts'
import { VmCharts } from './vm-charts.tsx'
import { VmNotes } from './vm-notes.tsx'
import { VmTags } from './vm-tags.tsx'

const acceleratorWord = { kvm: 'KVM', emulation: 'Emulation', unknown: 'Not known' } as const

/** What a clone shares blocks with, and how much of its disks is its own by now. */
function sharing(vm: Vm): KeyValue[] {
  const point = vm.standsOn ?? vm.standsOnArchived
  if (!point) return []
  const { vmId, vmUuid, vmName, takenAt } = point
  const where = 'datastore' in point ? point.datastore.name : `the archive store ${point.archiveStore.name}`
  const ownBytes = vm.disks.reduce((sum, disk) => sum + Number(disk.allocationBytes), 0)
  const item: KeyValue = {
    label: 'Shares blocks with',
    value: (
      <Link href={vmId ? `/vms/${vmId}/backups` : `/recovery-points/${vmUuid}`}>
        {vmName}, <RelativeTime at={takenAt} />
      </Link>
    ),
    note: vm.follows
      ? `In ${where}; it follows its source to each newer one, until it is started.`
      : `In ${where}; ${formatBytes(ownBytes)} of its disks are its own. More › Keep on its own ends that.`,
  }
  return [item]
}

export function VmOverview() {
  const vm = useVm()
  return (
    <div className="grid gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(320px,1fr)]">
      <VmCharts vm={vm} />
      <div className="flex min-w-0 flex-col gap-4">
        <Card title="Summary">
          <KeyValueList
            items={[
              { label: 'State since', value: <RelativeTime at={vm.stateSince} />, note: vm.stateReason ?? undefined },
              { label: 'Addresses', value: vm.addresses.join(', '), isMono: true, copyText: vm.addresses[0] },
              {
                label: 'Guest agent',
                value: vm.agentConnected ? 'Connected' : 'Not connected',
                note: vm.agentConnected
                  ? undefined
                  : 'Without it the shutdown is asked over ACPI, and addresses may be missing',
              },
              { label: 'vCPUs', value: vm.vcpuCount },
              { label: 'Memory', value: formatBytes(Number(vm.memoryBytes)) },
              {
                label: 'Disks',
                value: `${vm.disks.filter((disk) => disk.device === 'disk').length}, ${formatBytes(Number(vm.diskBytes))}`,
              },
              ...sharing(vm),
              { label: 'Accelerator', value: acceleratorWord[vm.accelerator] },
              { label: 'Machine', value: vm.machineType, isMono: true },
              { label: 'UUID', value: vm.uuid, isMono: true, copyText: vm.uuid },
              { label: 'Known since', value: <RelativeTime at={vm.createdAt} /> },
            ]}
          />
        </Card>
        <VmTags vm={vm} />
        <VmNotes vm={vm} />
      </div>
    </div>
  )
}
