'use client'

import { Pencil } from 'lucide-react'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { KeyValueList } from '#components/ui/key-value-list.tsx'
import { Meter } from '#components/ui/meter.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { diskUse, isBeyondItsSize } from '#components/vm/disk-use.ts'
import { useVm } from '../use-vm.ts'
import { EditVmDialog } from './edit-vm-dialog.tsx'

/** In libvirt's words: what is not among them is a model's name. */
const cpuModeWord = new Map([
  ['host-passthrough', 'The host’s, as it is'],
  ['host-model', 'As the host’s'],
  ['maximum', 'Everything that can be had'],
])
function cpuModel(mode: string | null) {
  const word = mode === null ? 'The default' : cpuModeWord.get(mode)
  return word ? { value: word } : { value: mode, isMono: true }
}

/** What the VM is made of, and the way to change it. */
export function VmConfiguration() {
  const vm = useVm()
  const [editing, setEditing] = useQueryState('edit', parseAsStringLiteral(['yes']))
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <Card
        title="Compute"
        actions={
          <Button
            size="sm"
            icon={<Pencil size={13} aria-hidden="true" />}
            disabledReason={whyNot(vm.can.edit)}
            onPress={() => void setEditing('yes')}
          >
            Edit
          </Button>
        }
      >
        <KeyValueList
          items={[
            { label: 'vCPUs', value: vm.vcpuCount },
            { label: 'Memory', value: formatBytes(Number(vm.memoryBytes)) },
            { label: 'CPU model', ...cpuModel(vm.cpuMode) },
            { label: 'Machine', value: vm.machineType, isMono: true },
            { label: 'Architecture', value: vm.architecture, isMono: true },
            { label: 'Starts with its host', value: vm.autostart ? 'Yes' : 'No' },
            { label: 'Kept when off', value: vm.persistent ? 'Yes' : 'No: it exists only while it runs' },
          ]}
        />
      </Card>
      <Card title="Screen">
        <KeyValueList
          items={(vm.graphics as { kind: string; address: string | null; port: number | null }[]).map((screen) => ({
            label: screen.kind.toUpperCase(),
            value: screen.port ? `${screen.address ?? '0.0.0.0'}:${screen.port}` : 'Opens when it runs',
            isMono: true,
          }))}
        />
        {(vm.graphics as unknown[]).length === 0 && <p className="text-sm text-ink-muted">It has no screen.</p>}
      </Card>
      <Card title="Disks" isFlush className="xl:col-span-2">
        {vm.disks.length === 0 && <EmptyState title="It has no disk" />}
        <ul className="divide-y divide-line">
          {vm.disks.map((disk) => (
            <li
              key={disk.id}
              className="grid items-center gap-x-4 gap-y-1 px-4 py-2 text-sm md:grid-cols-[90px_minmax(0,2fr)_minmax(140px,1fr)_auto]"
            >
              <span className="font-mono text-xs">{disk.target}</span>
              <span className="min-w-0">
                <span className="block truncate font-mono text-xs" title={disk.source ?? undefined}>
                  {disk.source ?? 'empty'}
                </span>
                <span className="text-xs text-ink-faint">
                  {[disk.poolName && `pool ${disk.poolName}`, disk.backingPath && `over ${disk.backingPath}`]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </span>
              {disk.device !== 'disk' ? (
                <span />
              ) : Number(disk.capacityBytes) === 0 ? (
                <span className="text-xs text-ink-faint">size not measured yet</span>
              ) : isBeyondItsSize(disk) ? (
                <span className="text-xs text-ink">{diskUse(disk)}</span>
              ) : (
                <Meter
                  label="Written"
                  used={Number(disk.allocationBytes)}
                  limit={Number(disk.capacityBytes)}
                  unit="bytes"
                  warnAt={2}
                  failAt={2}
                />
              )}
              <span className="flex gap-1">
                <Badge tone="outline">{disk.bus}</Badge>
                {disk.format && <Badge tone="outline">{disk.format}</Badge>}
                {disk.device !== 'disk' && <Badge>{disk.device}</Badge>}
                {disk.readOnly && <Badge>read only</Badge>}
              </span>
            </li>
          ))}
        </ul>
      </Card>
      <Card title="Network interfaces" isFlush className="xl:col-span-2">
        {vm.interfaces.length === 0 && <EmptyState title="It has no network interface" />}
        <ul className="divide-y divide-line">
          {vm.interfaces.map((nic) => (
            <li key={nic.id} className="flex flex-wrap items-center gap-x-6 gap-y-1 px-4 py-2 text-sm">
              <span className="font-mono text-xs">{nic.mac}</span>
              <span>{nic.networkName ? `Network ${nic.networkName}` : `Bridge ${nic.bridge ?? 'not known'}`}</span>
              <span className="font-mono text-ink-muted text-xs">{nic.addresses.join(', ') || 'no address known'}</span>
              <span className="ml-auto flex gap-1">
                {nic.model && <Badge tone="outline">{nic.model}</Badge>}
                {!nic.linkUp && <Badge>link down</Badge>}
              </span>
            </li>
          ))}
        </ul>
      </Card>
      {editing && vm.can.edit === true && <EditVmDialog vm={vm} onClose={() => void setEditing(null)} />}
    </div>
  )
}
