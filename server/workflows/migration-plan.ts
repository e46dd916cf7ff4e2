import { readCandidates } from '#server/core/migration-candidate.ts'
import { type DiskMove, judgeCandidate } from '#server/core/migration-preview.ts'
import { demandStandstill } from '#server/core/migration-saved.ts'
import { isSent } from '#server/core/migration-storage.ts'
import { movingVm } from '#server/core/moving-vm.ts'
import { grantedNetworksOf } from '#server/core/network-grant.ts'
import type { NewBacking } from '#server/core/qcow2-backing.ts'
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { NewPaths } from '#server/hypervisor/libvirt/xml/relocate.ts'
import type { MigrateInput } from '#server/schema/vm-action.ts'
import type { StepContext } from './define.ts'
import {
  namesThere,
  type PlannedFile,
  planBeneath,
  requireKnownFormat,
  requireSendable,
  type SharedFile,
} from './migration-chain.ts'
import { planSaved, type SavedMemory } from './migration-memory.ts'
import { fileFinder, type PlacedDisk, placedDisks } from './placed-disk.ts'
import { requireVm, vmRow } from './vm-on-host.ts'

/** What a migration will do, fixed before anything is touched. Plain JSON. */
export interface MovePlan {
  uuid: string
  sourceHostId: string
  sourceName: string
  destinationHostId: string
  destinationName: string
  destinationSiteId: string
  destinationUri: string
  tls: boolean
  live: boolean
  /** How a running VM moves that can't move live: it stands still with its memory in a file */
  saved?: SavedMemory | null
  disks: PlannedDisk[]
  /** Files that go along because its snapshots need them, nearest to their disk first */
  beneath?: PlannedFile[]
  /** Files that its snapshots need and that both hosts see: they stay where they are */
  sharedBeneath?: SharedFile[]
}

export interface PlannedDisk {
  target: string
  device: string
  readOnly: boolean
  shareable: boolean
  mode: DiskMove['mode']
  sourcePool: string | null
  sourceVolume: string | null
  sourcePath: string | null
  /** When it was last written to, of a file; absent in plans of older versions */
  modifiedAtMs?: number | null
  hasBacking: boolean
  /** Of one that is sent as it is, with snapshots: what it stands on. Absent: what stands on others is sent as one */
  backing?: NewBacking | null
  format: 'qcow2' | 'raw'
  capacityBytes: number
  /** Without what is beneath */
  bytes: number
  /** Where it goes, for those that are copied or uploaded */
  to: { pool: string; volume: string; path: string } | null
}

/** Looks at both hosts now and decides. @throws conflict with every reason why it can't move */
export async function planMove(context: StepContext<MigrateInput, object>): Promise<MovePlan> {
  const { db, input, operation } = context
  const vm = await vmRow(context)
  const source = await context.host(vm.hostId)
  const destination = await context.host(input.destinationHostId)
  const facts = await requireVm(source, vm.uuid, vm.name, context.signal)
  const disks = await placedDisks(fileFinder(db, source, vm.hostId), facts)
  // Seen from the hypervisor: fresher than the database.
  const moving = movingVm(
    vm.hostId,
    { ...facts, standsOnId: vm.standsOnId },
    disks,
    await grantedNetworksOf(db, vm.tenantId),
  )
  const sources = disks.flatMap((disk) => disk.source ?? [])
  const hostIds = [vm.hostId, input.destinationHostId]
  const candidates = await readCandidates(db, sources, { hostIds, operationId: operation.id })
  const from = candidates.find((each) => each.id === vm.hostId)
  const to = candidates.find((each) => each.id === input.destinationHostId)
  if (!from || !to?.migrationUri) throw conflict('The destination host is not there any more.', 'Choose another host.')
  const verdict = judgeCandidate(moving, from, to, { bitsPerSecond: null, roundTripMs: null })
  if (!verdict.eligible) {
    throw conflict(`${vm.name} can’t move to ${to.name}. ${verdict.reasons.join(' ')}`, 'Choose another host.')
  }
  demandStandstill(vm.name, verdict, input)
  for (const [index, disk] of disks.entries()) {
    const pool = verdict.disks[index]?.poolName
    if (verdict.disks[index]?.mode === 'shared' && pool) await requireSeen(destination, to.name, disk, pool)
  }
  const isWhole = facts.snapshots.length > 0
  const nameThere = namesThere(operation.id)
  const moved = verdict.disks.map((move, index) => {
    const disk = disks[index]
    if (!disk) throw new Error('a verdict names every disk')
    const volume = nameThere(disk.volumeName ?? `${vm.name}-${disk.target}`, disk.path ?? disk.source ?? disk.target)
    const pool = to.pools.find((each) => each.name === move.poolName)
    return isSent(move) && pool ? { pool: pool.name, volume, path: `${pool.path}/${volume}` } : null
  })
  const beneath = planBeneath(nameThere, facts, disks, moved, verdict, { source: from, to })
  const plan: MovePlan = {
    uuid: vm.uuid,
    sourceHostId: from.id,
    sourceName: from.name,
    destinationHostId: to.id,
    destinationName: to.name,
    destinationSiteId: to.siteId,
    destinationUri: to.migrationUri,
    tls: [from, to].every((host) => host.migrationUri?.startsWith('qemu+tls:')),
    live: verdict.way === 'live',
    saved: await planSaved(context, facts, verdict, { source, destination, from, to }),
    beneath: beneath.files,
    sharedBeneath: beneath.shared,
    disks: verdict.disks.map((move, index) => {
      const disk = disks[index]
      if (!disk) throw new Error('a verdict names every disk')
      if (isSent(move)) requireKnownFormat(disk)
      return {
        target: disk.target,
        device: disk.device,
        readOnly: disk.readOnly,
        shareable: disk.shareable,
        mode: move.mode,
        sourcePool: disk.poolName,
        sourceVolume: disk.volumeName,
        sourcePath: disk.source,
        modifiedAtMs: disk.modifiedAtMs ?? null,
        hasBacking: disk.backingPath !== null,
        format: disk.format === 'raw' ? 'raw' : 'qcow2',
        capacityBytes: disk.capacityBytes,
        bytes: (move.beneath ?? []).reduce((rest, { bytes }) => rest - bytes, move.bytes),
        to: moved[index] ?? null,
        ...(move.mode === 'copied' && isWhole ? { backing: beneath.backingOf(disk) } : {}),
      }
    }),
  }
  await requireSendable(source, [...plan.disks, ...beneath.files])
  return plan
}

/** What is said to be shared is looked for: a pool that lost its mount would start the VM on an empty disk. */
async function requireSeen(host: HypervisorHost, hostName: string, disk: PlacedDisk, pool: string): Promise<void> {
  const find = async () => (disk.path === null ? null : host.findVolume(disk.path))
  let seen = await find()
  if (!seen) {
    // libvirt lists a volume that another host made only after it has looked again.
    await host.refreshPool(pool)
    seen = await find()
  }
  if (seen && seen.capacityBytes === disk.capacityBytes) return
  throw conflict(
    `${hostName} does not see ${disk.volumeName ?? disk.target}, though its storage is said to be shared.`,
    `Look whether the storage pool ${pool} is mounted there.`,
  )
}

/**
 * New paths for definitions at the destination: by the old ones, by pool and volume where they name those, and for what is
 * known by nothing else by target. A snapshot may name what stays where it is, which its disk’s target would lead away from.
 */
export function pathsOf(plan: MovePlan): NewPaths {
  const sent = [...plan.disks, ...(plan.beneath ?? [])]
  return Object.fromEntries([
    ...plan.disks.flatMap(({ target, to }) => (to ? [[target, to.path] as const] : [])),
    ...(plan.sharedBeneath ?? []).flatMap((file) => named(file, file.sourcePath)),
    ...sent.flatMap((file) => (file.to ? named(file, file.to.path) : [])),
  ])
}

function named({ sourcePath, sourcePool, sourceVolume }: PlannedDisk | SharedFile, path: string): [string, string][] {
  const names = [sourcePath, sourcePool && sourceVolume ? `${sourcePool}/${sourceVolume}` : null]
  return names.flatMap((name) => (name?.includes('/') ? [[name, path]] : []))
}
