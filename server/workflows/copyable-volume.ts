import { conflict, unsupported } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { DiskFacts } from '#server/hypervisor/facts.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { CopyMeter } from './copy-meter.ts'
import type { StepContext } from './define.ts'
import { type MadeVolume, removeMade } from './new-vm.ts'
import { until } from './pause.ts'
import { looksLike, requireRaw } from './raw-disk.ts'
import { vmOnHost, volumeOfDisk } from './vm-on-host.ts'

type Context = Pick<
  StepContext<{ hostId: string }, object>,
  'db' | 'host' | 'input' | 'operation' | 'progress' | 'signal'
>

interface VolumeName {
  pool: string
  name: string
}

export interface WholeCopy {
  /** As people know what is copied */
  target: string
  from: VolumeName
  to: MadeVolume
  format: 'qcow2' | 'raw'
  /** What the disk is by its VM's definition; plans of earlier versions do not tell */
  readAs: 'qcow2' | 'raw' | undefined
}

/**
 * The VM whose disks are copied, on the host where it was when that was asked for.
 * @throws conflict while it is not off: its disks would change meanwhile
 */
export async function requireOff(context: Context, action: 'clone' | 'make-template') {
  const { vm, host, facts } = await vmOnHost(context)
  if (vm.hostId !== context.input.hostId) throw conflict(`${vm.name} has moved to another host.`, 'Ask for it again.')
  const ruling = vmRule({ state: facts.state, standsOnId: vm.standsOnId }, action)
  if (ruling !== true) throw conflict(`The disks of ${vm.name} can’t be copied now. ${ruling}`)
  return { vm, host, facts }
}

/** The volume that a disk is. @throws unsupported when it is none of a pool, of another kind, or not what it looks like */
export async function copyableVolume(host: HypervisorHost, vmName: string, disk: DiskFacts) {
  const volume = await volumeOfDisk(host, disk)
  if (volume && (disk.format ?? 'raw') === 'raw') {
    await requireReadAsRaw(host, { pool: volume.pool, name: volume.name }, `The disk ${disk.target} of ${vmName}`)
    return { ...volume, format: 'raw' as const }
  }
  if (volume?.format === 'qcow2') return { ...volume, format: 'qcow2' as const }
  throw unsupported(`The disk ${disk.target} of ${vmName} can’t be copied: it is no qcow2 or raw volume of a pool.`)
}

/** libvirt copies a volume as what it took it for when it last read the pool, and can't be told otherwise. */
async function requireReadAsRaw(host: HypervisorHost, volume: VolumeName, what: string): Promise<void> {
  const wayOut = 'Restore a backup of it as a new VM: that reads what the guest sees.'
  await requireRaw(host, volume, what, wayOut)
  const known = await host.findVolume(volume)
  if (known && known.format !== 'raw') throw looksLike(what, known.format, wayOut)
}

/** Makes whole copies anew, one after the other, and tells how fast that goes. */
export async function copyWhole(
  context: Context,
  action: 'clone' | 'make-template',
  copies: readonly WholeCopy[],
): Promise<void> {
  const { host } = await requireOff(context, action)
  const meter = new CopyMeter(context, 'copying')
  const sizes = await Promise.all(copies.map(async ({ from }) => (await host.findVolume(from))?.allocationBytes ?? 0))
  for (const size of sizes) meter.expect(size)
  for (const [index, copy] of copies.entries()) {
    meter.at(copy.target)
    await removeMade(context, host, copy.to)
    const { vm } = await requireOff(context, action)
    // It may have run since that was planned.
    if (copy.readAs === 'raw') await requireReadAsRaw(host, copy.from, `A disk of ${vm.name} (${copy.target})`)
    await copyOne(context, host, copy, sizes[index] ?? 0, meter)
  }
}

const lookEveryMs = 500

/** The host tells nothing while it copies: how far it is, is seen by what there is of the copy. */
async function copyOne(
  { signal }: Context,
  host: HypervisorHost,
  { from, to, format }: WholeCopy,
  sizeBytes: number,
  meter: CopyMeter,
): Promise<void> {
  let seenBytes = 0
  const see = (bytes: number) => {
    const more = Math.min(bytes, sizeBytes) - seenBytes
    if (more <= 0) return
    seenBytes += more
    meter.add(more)
  }
  let isOver = false
  const look = async () => {
    // What can't be read of a half-made file is no matter: copying it tells what goes wrong.
    const made = await host.findVolume(to.path).catch(() => null)
    if (!isOver) see(made?.allocationBytes ?? 0)
    return isOver
  }
  const looking = until(look, { timeoutMs: Number.POSITIVE_INFINITY, everyMs: lookEveryMs })
  try {
    await host.copyVolume(from, { pool: to.pool, name: to.name, format }, { signal })
    see(sizeBytes)
    meter.report()
  } finally {
    isOver = true
    await looking
  }
}
