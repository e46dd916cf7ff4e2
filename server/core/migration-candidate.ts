import type { Tx } from '#server/db.ts'
import { notFound } from '#server/errors.ts'
import { liveStates } from '#server/schema/operation.ts'
import type { VmState } from '#server/schema/vm.ts'
import {
  type Candidate,
  type CandidateVerdict,
  judgeCandidate,
  type MovingVm,
  type PathFacts,
} from './migration-preview.ts'

/** Bytes a second a VM dirtied when it was last measured, and when; see the measure-vm operation. */
export interface DirtyMeasure {
  bytesPerSecond: number
  measuredAt: string
}

export interface MigrationPreview {
  dirty: DirtyMeasure | null
  /** Every host of the fleet, eligible ones first, then by name */
  candidates: (CandidateVerdict & { name: string; siteId: string })[]
}

/** Judges every host of the fleet (or the one given) as a destination for the VM. */
export async function previewMigration(tx: Tx, vmId: string, onlyHostId?: string): Promise<MigrationPreview> {
  const dirty = await lastMeasure(tx, vmId)
  const vm = await movingVm(tx, vmId, dirty)
  const hosts = await readCandidates(tx, vm, onlyHostId ? [vm.hostId, onlyHostId] : undefined)
  const source = hosts.find((host) => host.id === vm.hostId)
  if (!source) throw notFound('host', vm.hostId)
  const pathTo = await pathsBetween(tx, source)
  const candidates = hosts
    .filter((host) => !onlyHostId || host.id === onlyHostId)
    .map((host) => ({
      ...judgeCandidate(vm, source, host, pathTo(host)),
      name: host.name,
      siteId: host.siteId,
    }))
    .sort((a, b) => Number(b.eligible) - Number(a.eligible) || a.name.localeCompare(b.name))
  return { dirty, candidates }
}

/** What is known of the ways from a host to the others. Hosts of one site have no link between them. */
export async function pathsBetween(tx: Tx, source: Candidate): Promise<(to: Candidate) => PathFacts> {
  const links = await tx.link.findMany()
  return (to) => {
    if (to.siteId === source.siteId) return { bitsPerSecond: null, roundTripMs: null }
    const ends = [to.siteId, source.siteId]
    const link = links.find((each) => ends.includes(each.fromSiteId) && ends.includes(each.toSiteId))
    const bits = link?.bitsPerSecond ?? null
    return { bitsPerSecond: bits === null ? null : Number(bits), roundTripMs: link?.roundTripMs ?? null }
  }
}

async function lastMeasure(tx: Tx, vmId: string): Promise<DirtyMeasure | null> {
  const last = await tx.operation.findFirst({
    where: { targetId: vmId, kind: 'measure-vm', state: 'succeeded' },
    orderBy: { id: 'desc' },
    select: { result: true, finishedAt: true },
  })
  const result = last?.result as { bytesPerSecond?: number } | null | undefined
  if (!last?.finishedAt || typeof result?.bytesPerSecond !== 'number') return null
  return { bytesPerSecond: result.bytesPerSecond, measuredAt: last.finishedAt.toISOString() }
}

/** A VM as the preview judges it, from its rows. */
export async function movingVm(tx: Tx, vmId: string, dirty: DirtyMeasure | null): Promise<MovingVm> {
  const vm = await tx.vm.findUnique({ where: { id: vmId }, include: { disks: true, interfaces: true } })
  if (!vm) throw notFound('VM', vmId)
  const sources = vm.disks.flatMap((disk) => disk.source ?? [])
  const volumes = await tx.volume.findMany({
    where: { path: { in: sources }, storagePool: { hostId: vm.hostId } },
    include: { storagePool: { select: { name: true } } },
  })
  return {
    name: vm.name,
    hostId: vm.hostId,
    state: vm.state as VmState,
    vcpuCount: vm.vcpuCount,
    memoryBytes: Number(vm.memoryBytes),
    architecture: vm.architecture,
    machineType: vm.machineType,
    cpuMode: vm.cpuMode,
    accelerator: vm.accelerator,
    snapshotCount: vm.snapshotCount,
    localDevices: vm.xml.split('<hostdev').length - 1,
    dirtyBytesPerSecond: dirty?.bytesPerSecond ?? null,
    // A definition names a file; which volume of which pool that is, the pools tell.
    disks: vm.disks.map((disk) => {
      const volume = volumes.find((each) => each.path === disk.source)
      return {
        ...disk,
        poolName: disk.poolName ?? volume?.storagePool.name ?? null,
        volumeName: disk.volumeName ?? volume?.name ?? null,
        backingPath: disk.backingPath ?? volume?.backingPath ?? null,
        capacityBytes: Number(disk.capacityBytes || volume?.capacityBytes || 0),
        allocationBytes: Number(disk.allocationBytes || volume?.allocationBytes || 0),
      }
    }),
    networks: vm.interfaces.map((card) => card.networkName).filter((name) => name !== null),
    bridges: vm.interfaces.filter((card) => card.networkName === null).flatMap((card) => card.bridge ?? []),
  }
}

/** @param exceptOperationId an operation whose own reservation is not to be held against its host */
export async function readCandidates(
  tx: Tx,
  vm: MovingVm,
  ids?: readonly string[],
  exceptOperationId?: string,
): Promise<Candidate[]> {
  const sources = vm.disks.flatMap((disk) => disk.source ?? [])
  const hosts = await tx.host.findMany({
    where: ids ? { id: { in: [...ids] } } : {},
    omit: { credential: true },
    include: {
      networks: true,
      storagePools: { include: { volumes: { where: { path: { in: sources } }, select: { path: true } } } },
    },
  })
  const reserved = await tx.operation.findMany({
    where: {
      state: { in: [...liveStates] },
      ...(exceptOperationId ? { id: { not: exceptOperationId } } : {}),
      OR: [{ reservedMemoryBytes: { gt: 0 } }, { reservedVcpus: { gt: 0 } }],
    },
    select: { hostId: true, destinationHostId: true, reservedMemoryBytes: true, reservedVcpus: true },
  })
  const promised = await tx.vm.groupBy({
    by: ['hostId'],
    where: { state: { in: ['running', 'paused', 'shutting_down', 'creating'] } },
    _sum: { vcpuCount: true },
  })
  return hosts.map((host) => {
    const held = reserved.filter((row) => (row.destinationHostId ?? row.hostId) === host.id)
    return {
      ...host,
      memoryFreeBytes: Number(host.memoryFreeBytes),
      reservedMemoryBytes: held.reduce((sum, row) => sum + Number(row.reservedMemoryBytes), 0),
      reservedVcpus: held.reduce((sum, row) => sum + row.reservedVcpus, 0),
      promisedVcpus: promised.find((row) => row.hostId === host.id)?._sum.vcpuCount ?? 0,
      pools: host.storagePools.map((pool) => ({ ...pool, availableBytes: Number(pool.availableBytes) })),
      presentPaths: host.storagePools.flatMap((pool) => pool.volumes.map((volume) => volume.path)),
    }
  })
}
