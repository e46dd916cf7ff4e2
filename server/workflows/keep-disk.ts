import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { withDiskSources } from '#server/hypervisor/libvirt/xml/relocate.ts'
import type { StepContext } from './define.ts'
import { Cancelled, pause } from './pause.ts'
import { readPoolsAgain } from './pool-again.ts'
import { nothingLeftBytes, refuseFull, requireRoom } from './pool-room.ts'
import type { RestoredDisk } from './restored-disk.ts'
import { type OldDisk, volumesToDelete } from './volume-use.ts'

type Context = Pick<StepContext<unknown, object>, 'db' | 'log' | 'progress' | 'signal'>

/** A disk that shares blocks, and the volume that becomes it. */
export interface KeptDisk extends RestoredDisk {
  old: OldDisk & { source: string }
}

/** The VM whose disk it is */
export interface Owner {
  uuid: string
  name: string
  hostId: string
}

const pollMs = 500
/**
 * Reads fail while a worker is away, and afterwards until QEMU tries to connect again, which it does ever more seldom, at
 * least every 16 s. So the waits between these double, to 16 s in all.
 */
const mostBegins = 6

const nameOf = (host: HypervisorHost) => host.address.name ?? 'its host'

/** Whether the VM has gone over to the volume: then that is all there is of the disk. */
export const isOnItsOwn = async (host: HypervisorHost, { uuid }: Owner, disk: KeptDisk): Promise<boolean> =>
  (await host.readDiskCopy(uuid, disk.target)).path === disk.path

/** Has the VM go over to the volume once all is in it. A copy that goes on already is waited for. */
export async function copyDisk(context: Context, host: HypervisorHost, vm: Owner, disk: KeptDisk): Promise<void> {
  const { target } = disk
  let begins = 0
  let first: { at: number; bytes: number } | undefined
  for (;;) {
    if (context.signal.aborted) throw new Cancelled()
    const { path, copy } = await host.readDiskCopy(vm.uuid, target)
    if (path === disk.path) return
    if (path !== disk.old.source || (copy && copy.path !== disk.path)) {
      const wayOut =
        'Clean up what an earlier try of it left, if one did; else look at its host who works on it. Then try again.'
      throw conflict(`Something else works on the disk ${target} of ${vm.name}.`, wayOut)
    }
    if (copy?.isReady) {
      await host.switchToDiskCopy(vm.uuid, target)
      continue
    }
    if (copy) {
      const { doneBytes: done, totalBytes: total } = copy
      first ??= { at: performance.now(), bytes: done }
      const seconds = (performance.now() - first.at) / 1000
      const ratePerSecond = seconds > 0 ? (done - first.bytes) / seconds : null
      const remainingMs = ratePerSecond ? ((total - done) / ratePerSecond) * 1000 : null
      context.progress({ phase: `copying ${target}`, done, total, unit: 'bytes', ratePerSecond, remainingMs })
    } else {
      if (begins > 0) await betweenBegins(context, host, disk, begins)
      await host.beginDiskCopy(vm.uuid, target, disk.path)
      begins++
      first = undefined
    }
    await pause(pollMs, context.signal)
  }
}

/** @throws conflict when it has broken off often enough, or for want of room */
async function betweenBegins(context: Context, host: HypervisorHost, { target, pool }: KeptDisk, begins: number) {
  await refuseFull(host, nameOf(host), pool)
  if (begins === mostBegins) {
    throw conflict(`The copying of ${target} broke off.`, 'Try again: this disk is then copied anew.')
  }
  context.progress({ phase: `copying ${target} anew`, done: null, ratePerSecond: null, remainingMs: null })
  await pause(pollMs * 2 ** (begins - 1), context.signal)
}

/**
 * Of a disk that is on its own: the VM's next start has it so, too, and only then what it was before goes.
 * @returns what stays of it, with the reason
 */
export async function leaveOld(context: Context, host: HypervisorHost, vm: Owner, disk: KeptDisk): Promise<string[]> {
  const definition = await host.readXml(vm.uuid, { secure: true, inactive: true })
  // Also of one that names the volume already what is beneath it goes: there is nothing.
  const own = withDiskSources(definition, { [disk.old.source]: disk.path, [disk.path]: disk.path })
  if (own !== definition) await host.define(own)
  const { doomed, kept } = await volumesToDelete(placeOf(context, host, vm), [disk.old])
  for (const { pool, name } of doomed) await host.deleteVolume(pool, name)
  return kept.map(({ name, reason }) => `${name}: ${reason}`)
}

const placeOf = ({ db }: Context, host: HypervisorHost, { uuid, hostId }: Owner) => ({ db, host, hostId, vmUuid: uuid })

/**
 * Which of the volumes nothing uses: neither the VM, which went over to those of disks that are done, nor an overlay that
 * somebody has put on one since. @throws conflict when a pool can't be read again, and so nobody knows
 */
export async function unusedOf(
  context: Context,
  host: HypervisorHost,
  vm: Owner,
  disks: readonly KeptDisk[],
): Promise<KeptDisk[]> {
  if (disks.length === 0) return []
  // What QEMU made, such as a snapshot, its pool knows only then.
  const unread = await readPoolsAgain(host)
  const unknown = disks.find(({ pool }) => unread.includes(pool))
  if (unknown) {
    const wayOut = 'Look at the pool, then clean up again.'
    throw conflict(`The storage pool ${unknown.pool} can’t be read now, so ${unknown.name} stays.`, wayOut)
  }
  // Of no disk of the VM: what any of them is or stands on is in use.
  const none = { target: '', device: 'disk', readOnly: false, shareable: false }
  const made = disks.map(({ path, pool, name }) => ({ ...none, source: path, poolName: pool, volumeName: name }))
  const { doomed } = await volumesToDelete(placeOf(context, host, vm), made)
  return disks.filter(({ path }) => doomed.some((volume) => volume.path === path))
}

/** @throws conflict when what the clone has written itself, which is there twice meanwhile, would not fit */
export async function demandRoom(
  host: HypervisorHost,
  disks: readonly { pool: string; ownBytes: number }[],
): Promise<void> {
  for (const pool of new Set(disks.map((disk) => disk.pool))) {
    const ownBytes = disks.reduce((sum, disk) => sum + (disk.pool === pool ? disk.ownBytes : 0), 0)
    const wayOut = 'Free some space there, then try again.'
    await requireRoom(host, nameOf(host), pool, ownBytes + nothingLeftBytes, wayOut)
  }
}
