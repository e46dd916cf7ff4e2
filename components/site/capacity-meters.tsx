import { Meter } from '#components/ui/meter.tsx'
import type { SiteCapacity } from '#server/schema/site.ts'

/** CPU and memory, used and promised. More vCPUs than CPUs is common; more memory than there is, is not. */
export function CapacityMeters({ capacity }: { capacity: Omit<SiteCapacity, 'siteId' | 'cpuFullSince'> }) {
  return (
    <div className="@container min-w-0">
      <div className="grid gap-x-8 gap-y-2 @sm:grid-cols-2 @5xl:grid-cols-4">
        <Meter
          label="CPU used"
          unit="percent"
          used={capacity.cpus > 0 ? capacity.cpusUsed / capacity.cpus : 0}
          limit={1}
        />
        <Meter label="vCPUs promised" unit="count" used={capacity.vcpusPromised} limit={capacity.cpus} mayExceed />
        <Meter label="Memory used" unit="bytes" used={capacity.memoryUsedBytes} limit={capacity.memoryBytes} />
        <Meter label="Memory promised" unit="bytes" used={capacity.memoryPromisedBytes} limit={capacity.memoryBytes} />
      </div>
    </div>
  )
}
