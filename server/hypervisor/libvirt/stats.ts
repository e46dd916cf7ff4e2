import type { CallResult, TypedParams } from '../../libvirt/protocol.ts'
import type { DiskFacts, VmReading } from '../facts.ts'
import { powerState } from './state.ts'

/** Groups of statistics and how the call is to behave, as bits. */
export const statsGroup = { state: 1, cpu: 2, balloon: 4, vcpu: 8, interface: 16, block: 32, dirtyRate: 512 } as const
export const statsFlag = { active: 1, nowait: 1 << 29 } as const

export type StatsRecord = CallResult<'connectGetAllDomainStats'>['records'][number]

export function numberIn(params: TypedParams, name: string): number {
  const value = params[name]
  return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : 0
}

const indices = (params: TypedParams, group: string) =>
  Array.from({ length: numberIn(params, `${group}.count`) }, (_, index) => `${group}.${index}.`)

const sum = (params: TypedParams, group: string, name: string) =>
  indices(params, group).reduce((total, prefix) => total + numberIn(params, prefix + name), 0)

export type DiskSize = Pick<DiskFacts, 'target' | 'capacityBytes' | 'allocationBytes'>

/**
 * Sizes by target. A file's length is what a growing image takes; a raw one may have holes and be as long as its
 * capacity, there the blocks written count.
 */
export function diskSizes(params: TypedParams): DiskSize[] {
  return indices(params, 'block').flatMap((prefix) => {
    const target = params[`${prefix}name`]
    if (typeof target !== 'string') return []
    const capacityBytes = numberIn(params, `${prefix}capacity`)
    const physicalBytes = numberIn(params, `${prefix}physical`)
    const writtenBytes = numberIn(params, `${prefix}allocation`)
    const allocationBytes = physicalBytes === capacityBytes && writtenBytes > 0 ? writtenBytes : physicalBytes
    return [{ target, capacityBytes, allocationBytes }]
  })
}

export function stateIn(params: TypedParams) {
  return powerState(numberIn(params, 'state.state'), numberIn(params, 'state.reason'))
}

function memoryUsed(params: TypedParams): number | null {
  if (!('balloon.available' in params)) return null
  const free = 'balloon.usable' in params ? 'balloon.usable' : 'balloon.unused'
  if (!(free in params)) return null
  return Math.max(0, numberIn(params, 'balloon.available') - numberIn(params, free)) * 1024
}

export function readStats({ domain, params }: StatsRecord): VmReading {
  const cpuTime = params['cpu.time']
  return {
    uuid: domain.uuid,
    state: stateIn(params).state,
    cpuTimeNs: typeof cpuTime === 'bigint' ? cpuTime : 0n,
    memoryBytes: numberIn(params, 'balloon.current') * 1024,
    memoryUsedBytes: memoryUsed(params),
    diskReadBytes: sum(params, 'block', 'rd.bytes'),
    diskWrittenBytes: sum(params, 'block', 'wr.bytes'),
    diskReads: sum(params, 'block', 'rd.reqs'),
    diskWrites: sum(params, 'block', 'wr.reqs'),
    networkReceivedBytes: sum(params, 'net', 'rx.bytes'),
    networkTransmittedBytes: sum(params, 'net', 'tx.bytes'),
    disks: diskSizes(params),
  }
}
