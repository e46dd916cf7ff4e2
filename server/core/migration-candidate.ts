import type { Link } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { notFound } from '#server/errors.ts'
import {
  type Candidate,
  type CandidateVerdict,
  judgeCandidate,
  type MovingVm,
  type PathFacts,
} from './migration-preview.ts'
import { readMovingDisks } from './moving-disk.ts'
import { type MovingProtection, readMovingProtection } from './moving-protection.ts'
import { movingVm } from './moving-vm.ts'
import { readGrantedNetworks } from './network-grant.ts'
import { readReservations } from './reservation.ts'

/** Bytes a second a VM dirtied when it was last measured, and when; see the measure-vm operation. */
export interface DirtyMeasure {
  bytesPerSecond: number
  measuredAt: string
}

export interface MigrationPreview {
  dirty: DirtyMeasure | null
  /** Every host of the fleet, eligible ones first, then by name */
  candidates: (CandidateVerdict & { name: string; siteId: string })[]
  /** What goes along, wherever it moves */
  protection: MovingProtection
}

/** Judges every host of the fleet as a destination for the VM. */
export async function previewMigration(tx: Tx, vmId: string): Promise<MigrationPreview> {
  const moves = await readMoves(tx, [vmId])
  const candidates = moves.hosts
    .map((host) => ({ ...moves.judge(vmId, host.id), name: host.name, siteId: host.siteId }))
    .sort((a, b) => Number(b.eligible) - Number(a.eligible) || a.name.localeCompare(b.name))
  const vm = await tx.vm.findUniqueOrThrow({ where: { id: vmId }, select: { id: true, tenantId: true } })
  return { dirty: moves.dirty.get(vmId) ?? null, candidates, protection: await readMovingProtection(tx, vm) }
}

/** VMs and the hosts they could move to, read once for any number of VMs, and judged without reading more. */
export class Moves {
  readonly vms: ReadonlyMap<string, MovingVm>
  readonly hosts: readonly Candidate[]
  readonly dirty: ReadonlyMap<string, DirtyMeasure>
  readonly #links: readonly Link[]

  constructor(
    vms: ReadonlyMap<string, MovingVm>,
    hosts: readonly Candidate[],
    links: readonly Link[],
    dirty: ReadonlyMap<string, DirtyMeasure>,
  ) {
    this.vms = vms
    this.hosts = hosts
    this.#links = links
    this.dirty = dirty
  }

  /** @throws not-found for a VM or host that was not read */
  judge(vmId: string, hostId: string): CandidateVerdict {
    const vm = this.vm(vmId)
    const [source, to] = [this.host(vm.hostId), this.host(hostId)]
    return judgeCandidate(vm, source, to, this.#path(source, to))
  }

  vm(id: string): MovingVm {
    const vm = this.vms.get(id)
    if (!vm) throw notFound('VM', id)
    return vm
  }

  host(id: string): Candidate {
    const host = this.hosts.find((each) => each.id === id)
    if (!host) throw notFound('host', id)
    return host
  }

  /** From now on the VM's room at the host counts as taken. */
  promise(vmId: string, hostId: string): void {
    const [vm, host] = [this.vm(vmId), this.host(hostId)]
    host.reservedMemoryBytes += vm.state === 'off' ? 0 : vm.memoryBytes
    host.reservedVcpus += vm.vcpuCount
  }

  /** What is known of the way. Hosts of one site have no link between them. */
  #path(from: Candidate, to: Candidate): PathFacts {
    const ends = [to.siteId, from.siteId]
    const link = this.#links.find((each) => ends.includes(each.fromSiteId) && ends.includes(each.toSiteId))
    if (!link || to.siteId === from.siteId) return { bitsPerSecond: null, roundTripMs: null }
    return {
      bitsPerSecond: link.bitsPerSecond === null ? null : Number(link.bitsPerSecond),
      roundTripMs: link.roundTripMs,
    }
  }
}

/** Reads these VMs and the whole fleet of hosts, in as many queries for one as for hundreds. */
export async function readMoves(tx: Tx, vmIds: readonly string[]): Promise<Moves> {
  const dirty = await lastMeasures(tx, vmIds)
  const vms = await readMovingVms(tx, vmIds, dirty)
  const sources = [...vms.values()].flatMap((vm) => vm.disks.flatMap((disk) => disk.source ?? []))
  return new Moves(vms, await readCandidates(tx, sources), await tx.link.findMany(), dirty)
}

async function lastMeasures(tx: Tx, vmIds: readonly string[]): Promise<Map<string, DirtyMeasure>> {
  const rows = await tx.operation.findMany({
    where: { targetId: { in: [...vmIds] }, kind: 'measure-vm', state: 'succeeded' },
    distinct: ['targetId'],
    orderBy: [{ targetId: 'asc' }, { id: 'desc' }],
    select: { targetId: true, result: true, finishedAt: true },
  })
  const measures = new Map<string, DirtyMeasure>()
  for (const { targetId, result, finishedAt } of rows) {
    const { bytesPerSecond } = (result ?? {}) as { bytesPerSecond?: number }
    if (!finishedAt || typeof bytesPerSecond !== 'number') continue
    measures.set(targetId, { bytesPerSecond, measuredAt: finishedAt.toISOString() })
  }
  return measures
}

async function readMovingVms(tx: Tx, vmIds: readonly string[], dirty: ReadonlyMap<string, DirtyMeasure>) {
  const vms = await tx.vm.findMany({
    where: { id: { in: [...vmIds] } },
    include: { disks: true, interfaces: true, snapshots: true },
  })
  const disks = await readMovingDisks(tx, vms)
  const granted = await readGrantedNetworks(
    tx,
    vms.map((vm) => vm.tenantId),
  )
  return new Map(
    vms.map((vm) => {
      const grantedNetworks = granted.get(vm.tenantId) ?? []
      const measured = dirty.get(vm.id)?.bytesPerSecond
      return [vm.id, movingVm(vm.hostId, vm, disks.get(vm.id) ?? [], grantedNetworks, measured)]
    }),
  )
}

/**
 * Hosts as possible destinations for VMs that read these files.
 * @param only these hosts, and for an operation at work its id: later ones' reservations are not held against it
 */
export async function readCandidates(
  tx: Tx,
  sources: readonly string[],
  only: { hostIds?: readonly string[]; operationId?: string } = {},
): Promise<Candidate[]> {
  const hosts = await tx.host.findMany({
    where: only.hostIds ? { id: { in: [...only.hostIds] } } : {},
    omit: { credential: true },
    include: {
      networks: true,
      storagePools: { include: { volumes: { where: { path: { in: [...sources] } }, select: { path: true } } } },
    },
  })
  const reservedAt = await readReservations(tx, only.operationId)
  const promised = await tx.vm.groupBy({
    by: ['hostId'],
    where: { state: { in: ['running', 'paused', 'shutting_down', 'creating'] } },
    _sum: { vcpuCount: true },
  })
  const vcpus = new Map(promised.map((row) => [row.hostId, row._sum.vcpuCount ?? 0]))
  return hosts.map((host) => ({
    ...host,
    memoryFreeBytes: Number(host.memoryFreeBytes),
    reservedMemoryBytes: reservedAt(host.id).memoryBytes,
    reservedVcpus: reservedAt(host.id).vcpus,
    promisedVcpus: vcpus.get(host.id) ?? 0,
    pools: host.storagePools.map((pool) => ({ ...pool, availableBytes: Number(pool.availableBytes) })),
    presentPaths: host.storagePools.flatMap((pool) => pool.volumes.map((volume) => volume.path)),
  }))
}
