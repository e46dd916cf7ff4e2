import { withBackingPath } from '#server/core/qcow2-backing.ts'
import { isTagged } from '#server/core/volume-name.ts'
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { MigrateInput } from '#server/schema/vm-action.ts'
import type { StepContext } from './define.ts'
import { ownBeneath, type PlannedFile, placeOf, requireSameFiles, requireUntouched } from './migration-chain.ts'
import { removeStanding } from './migration-going-on.ts'
import type { MovePlan, PlannedDisk } from './migration-plan.ts'
import { readPoolsAgain } from './pool-again.ts'
import { unlessFull } from './pool-room.ts'
import { SentMeter } from './sent-meter.ts'
import { volumesToDelete } from './volume-use.ts'

type Context = StepContext<unknown, object>
type SendContext = StepContext<Pick<MigrateInput, 'bandwidthBytesPerSecond'>, object>

/**
 * Makes the destination's volumes. What stands still (discs, disks of a VM that is off, what disks stand on) is sent here
 * and now.
 */
export async function prepareVolumes(context: SendContext, plan: MovePlan): Promise<void> {
  const source = await context.host(plan.sourceHostId)
  const destination = await context.host(plan.destinationHostId)
  const isOff = !plan.live && !plan.saved
  const sentNow = plan.disks.filter((disk) => disk.to && (disk.mode === 'uploaded' || isOff))
  const beneath = (plan.beneath ?? []).toReversed()
  const meter = new SentMeter(context, bytesOf([...beneath, ...sentNow]))
  for (const file of beneath) {
    await unlessFull(destination, plan.destinationName, file.to.pool, () =>
      sendAnew(context, file, source, destination, meter),
    )
  }
  for (const disk of plan.disks) {
    if (!disk.to) continue
    const isThere = await destination.findVolume(disk.to.path)
    if (sentNow.includes(disk)) await sendAnew(context, disk, source, destination, meter)
    else if (!isThere) await create(destination, disk)
  }
}

const bytesOf = (disks: readonly { bytes: number }[]) => disks.reduce((sum, disk) => sum + disk.bytes, 0)

/** A destination that is out of reach for so long is not waited for: the VM goes on at its source. */
const goesOnHereAfterMs = 5_000

/** Sends the disks and the memory of a VM that stands still. @returns how many bytes */
export async function sendStanding(context: SendContext, plan: MovePlan): Promise<number> {
  const { saved } = plan
  if (!saved) return 0
  const source = await context.host(plan.sourceHostId)
  const destination = await context.host(plan.destinationHostId, goesOnHereAfterMs)
  const file = await source.findVolume(saved.here)
  if (!file) throw conflict(`Its saved memory is not on ${plan.sourceName} any more.`, 'Look there whether it runs.')
  await requireUntouched(source, plan)
  const memory = await source.readSavedMemory(saved.here.path)
  requireSameFiles(plan, memory?.disks ?? [])
  const disks = plan.disks.filter(({ mode }) => mode === 'copied')
  const meter = new SentMeter(context, bytesOf(disks) + file.capacityBytes)
  for (const disk of disks) {
    if (!disk.to) continue
    await unlessFull(destination, plan.destinationName, disk.to.pool, () =>
      sendAnew(context, disk, source, destination, meter),
    )
  }
  const { pool, name } = saved.there
  await unlessFull(destination, plan.destinationName, pool, async () => {
    await destination.deleteVolume(pool, name)
    await destination.createVolume(pool, { name, format: 'raw', capacityBytes: 0 })
    const bytes = meter.watch(
      source.downloadVolume(saved.here.pool, saved.here.name, { signal: context.signal }),
      'memory',
    )
    await destination.uploadVolume(pool, name, bytes, null, { signal: context.signal })
  })
  return meter.doneBytes
}

async function create(host: HypervisorHost, disk: PlannedDisk | PlannedFile): Promise<void> {
  if (!disk.to) return
  const { format, capacityBytes } = disk
  await host.createVolume(disk.to.pool, { name: disk.to.volume, format, capacityBytes })
}

/** Half of it may be there from an attempt that broke off. */
async function sendAnew(
  context: SendContext,
  disk: PlannedDisk | PlannedFile,
  source: HypervisorHost,
  destination: HypervisorHost,
  meter: SentMeter,
): Promise<void> {
  if (disk.to) await destination.deleteVolume(disk.to.pool, disk.to.volume)
  await create(destination, disk)
  await send(context, disk, source, destination, meter)
}

async function send(
  context: SendContext,
  disk: PlannedDisk | PlannedFile,
  source: HypervisorHost,
  destination: HypervisorHost,
  meter: SentMeter,
): Promise<void> {
  if (!disk.to || !disk.sourcePool || !disk.sourceVolume) return
  const { signal } = context
  // A file that stands on a template is of no use alone, so what is sent is a whole copy of it.
  const flat = isFlattened(disk) ? disk.to.volume : null
  if (flat) {
    await source.deleteVolume(disk.sourcePool, flat)
    const original = { pool: disk.sourcePool, name: disk.sourceVolume }
    await source.copyVolume(original, { pool: disk.sourcePool, name: flat, format: disk.format }, { signal })
  }
  const bytes = meter.watch(
    source.downloadVolume(disk.sourcePool, flat ?? disk.sourceVolume, { signal }),
    `disks (${disk.target})`,
  )
  const { backing, format, sourceVolume } = disk
  const asItIs = backing === undefined || format !== 'qcow2' ? bytes : withBackingPath(bytes, backing, sourceVolume)
  await destination.uploadVolume(disk.to.pool, disk.to.volume, asItIs, null, { signal })
  if (flat) await source.deleteVolume(disk.sourcePool, flat)
}

/**
 * Removes what this operation made at the destination, unless the VM lives on it by now.
 * @throws conflict while the VM still arrives: the hosts go on among themselves when the source is out of our reach
 */
export async function removePrepared(context: Context, plan: MovePlan): Promise<string | undefined> {
  const destination = await context.host(plan.destinationHostId)
  if (plan.saved) await removeStanding(await context.host(plan.sourceHostId), destination, plan)
  const there = await destination.readVm(plan.uuid)
  if (there?.incoming) {
    throw conflict(`The disks made on ${plan.destinationName} stay: the VM is still arriving there.`)
  }
  if (there) return undefined
  let removed = 0
  for (const disk of [...plan.disks, ...(plan.beneath ?? [])]) {
    if (!disk.to || !isTagged(disk.to.volume, context.operation.id)) continue
    if (!(await destination.findVolume(disk.to.path))) continue
    await destination.deleteVolume(disk.to.pool, disk.to.volume)
    removed++
  }
  if (plan.saved) await destination.deleteVolume(plan.saved.there.pool, plan.saved.there.name)
  await removeFlatCopies(context, plan)
  return removed > 0
    ? `removed ${removed === 1 ? 'the disk' : `${removed} disks`} made on ${plan.destinationName}`
    : undefined
}

const isFlattened = (disk: PlannedDisk | PlannedFile) =>
  'hasBacking' in disk && disk.hasBacking && disk.backing === undefined

async function removeFlatCopies(context: Context, plan: MovePlan): Promise<void> {
  for (const disk of plan.disks) {
    if (!isFlattened(disk) || !disk.sourcePool || !disk.to || !isTagged(disk.to.volume, context.operation.id)) continue
    const source = await context.host(plan.sourceHostId)
    await source.deleteVolume(disk.sourcePool, disk.to.volume)
  }
}

/**
 * Deletes the disks that were copied from the host the VM left: those that were its alone, and none while it runs there
 * too; see `volumesToDelete`.
 * @returns what stayed, in words
 */
export async function removeLeftVolumes(context: Context, plan: MovePlan): Promise<string[]> {
  const destination = await context.host(plan.destinationHostId)
  const there = await destination.readVm(plan.uuid)
  if (!there || there.incoming) throw new Error(`${plan.uuid} is not at its destination`)
  const inUse = new Set(there.disks.map((disk) => disk.source))
  const source = await context.host(plan.sourceHostId)
  const old = plan.disks.filter((disk) => disk.to && inUse.has(disk.to.path))
  const here = await source.readVm(plan.uuid)
  if (here && here.state !== 'off') {
    return old.map((disk) => `${disk.sourceVolume} on ${plan.sourceName}: the VM runs there`)
  }
  const beneath = ownBeneath(plan, old)
  // What snapshots made is no volume before its pool is read again, nor is what stands on it, in whatever pool.
  const unread = beneath.length > 0 ? await readPoolsAgain(source) : []
  const judged = unread.length > 0 ? [] : beneath
  const place = { db: context.db, host: source, hostId: plan.sourceHostId, vmUuid: plan.uuid }
  const { doomed, kept } = await volumesToDelete(place, [
    ...old.map((disk) => ({ ...disk, ...placeOf(disk) })),
    ...judged,
  ])
  for (const volume of doomed) await source.deleteVolume(volume.pool, volume.name)
  // An image that was sent along stays where it always was.
  const own = [...old.filter(({ mode }) => mode === 'copied'), ...beneath]
  const told = kept.filter(({ name }) => own.some(({ sourceVolume }) => sourceVolume === name))
  if (unread.length > 0) {
    const reason = `what stands on it is not known, for ${unread.join(', ')} could not be read again`
    told.push(...beneath.map(({ sourceVolume }) => ({ name: sourceVolume, reason })))
  }
  return told.map(({ name, reason }) => `${name} on ${plan.sourceName}: ${reason}`)
}

/** Of new volumes libvirt tells nobody before a pool is read again, and where none is known the VM could not move on. */
export async function tellOfVolumes(context: Context, plan: MovePlan): Promise<void> {
  const pools = new Set(plan.disks.flatMap(({ to }) => to?.pool ?? []))
  const destination = await context.openHost(plan.destinationHostId)
  // One that is busy is read again by the inventory before long.
  for (const pool of pools) await destination.refreshPool(pool).catch(() => undefined)
}
