'use client'

import { ChartCard } from '#components/ui/chart-card.tsx'
import type { Vm } from './use-vm.ts'
import { useVmSeries } from './use-vm-series.ts'

/** Live readings straight from the hypervisor. */
export function VmCharts({ vm }: { vm: Vm }) {
  const series = useVmSeries(vm)
  const emptyText =
    vm.state === 'running' ? 'The first reading comes within seconds' : 'No readings while it is not running'
  const shared = { timesSeconds: series.timesSeconds, syncKey: vm.id, emptyText }
  return (
    <div className="grid min-w-0 content-start gap-4 lg:grid-cols-2">
      <ChartCard
        {...shared}
        label="CPU"
        unit="percent"
        maxTop={1}
        series={[{ label: 'Of its vCPUs', values: series.cpu, isFilled: true, color: 1 }]}
      />
      <ChartCard
        {...shared}
        label="Memory"
        unit="bytes"
        maxTop={Number(vm.memoryBytes)}
        series={[{ label: 'Used', values: series.memory, isFilled: true, color: 4 }]}
      />
      <ChartCard
        {...shared}
        label="Disk"
        unit="bytesPerSecond"
        minTop={65_536}
        series={[{ label: 'Read and written', values: series.disk, color: 3 }]}
      />
      <ChartCard
        {...shared}
        label="Network"
        unit="bitsPerSecond"
        minTop={10_000}
        series={[{ label: 'Received and sent', values: series.network, color: 2 }]}
      />
    </div>
  )
}
