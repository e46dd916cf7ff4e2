import type { TypedParams } from '../../libvirt/protocol.ts'
import type { JobReading } from '../host-event.ts'

const kinds: Record<number, JobReading['kind']> = {
  2: 'save',
  4: 'migration-in',
  5: 'migration-out',
  6: 'snapshot',
  9: 'backup',
}
const jobType = { none: 0, completed: 3, failed: 4, cancelled: 5 } as const

const numberOf = (value: TypedParams[string] | undefined) =>
  typeof value === 'bigint' || typeof value === 'number' ? Number(value) : null

/** libvirt's job statistics; `type` is what came beside them. Sizes they don't tell are 0, rates and times null. */
export function readJobParams(type: number, params: TypedParams): JobReading {
  const number = (name: string) => numberOf(params[name])
  const pageBytes = number('memory_page_size') ?? 4096
  const dirtyPagesPerSecond = number('memory_dirty_rate')
  const failed = type === jobType.failed || params.success === false
  return {
    kind: type === jobType.none ? 'none' : (kinds[number('operation') ?? 0] ?? 'other'),
    state:
      type === jobType.cancelled
        ? 'cancelled'
        : failed
          ? 'failed'
          : type === jobType.completed || type === jobType.none
            ? 'completed'
            : 'running',
    postCopy: false,
    elapsedMs: number('time_elapsed') ?? 0,
    downtimeMs: number('downtime'),
    totalBytes: number('data_total') ?? 0,
    doneBytes: number('data_processed') ?? 0,
    remainingBytes: number('data_remaining') ?? 0,
    memoryRemainingBytes: number('memory_remaining') ?? 0,
    diskRemainingBytes: number('disk_remaining') ?? 0,
    bytesPerSecond: (number('memory_bps') ?? 0) + (number('disk_bps') ?? 0),
    dirtyBytesPerSecond: dirtyPagesPerSecond === null ? null : dirtyPagesPerSecond * pageBytes,
    iteration: number('memory_iteration') ?? 0,
    error: typeof params.errmsg === 'string' ? params.errmsg : null,
  }
}
