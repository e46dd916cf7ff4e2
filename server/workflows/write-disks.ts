import type { BackupExports, OpenDisksPlan } from '#server/hypervisor/backup-plan.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { NbdClient } from '#server/nbd/client.ts'
import { type ConnectOptions, connectNbd } from '#server/nbd/connect.ts'
import type { DiskBytes } from '#server/repository/recovery-point.ts'
import { backupRoute } from './backup-route.ts'
import { CopyMeter } from './copy-meter.ts'
import type { StepContext } from './define.ts'
import { Cancelled } from './pause.ts'

type Context = Pick<StepContext<unknown, object>, 'progress' | 'signal'>

/** What is to be written over a disk, and how much that is. */
export interface DiskWriting {
  target: string
  bytes: number
  parts: AsyncIterable<DiskBytes>
}

export interface Written {
  writtenBytes: number
  /** Without the opening and closing of the disks */
  writeMs: number
}

/** So many chunks are on their way at once. */
const windowParts = 32

/** Writes disks that no VM has open. All that was written is in their files when it resolves. */
export async function writeDisks(
  context: Context,
  host: HypervisorHost,
  plan: Omit<OpenDisksPlan, 'listen'>,
  writings: readonly DiskWriting[],
): Promise<Written> {
  const route = backupRoute(host)
  // An attempt that broke off may still hold them.
  await host.closeDisks(plan.holder)
  if (writings.every(({ bytes }) => bytes === 0)) return { writtenBytes: 0, writeMs: 0 }
  try {
    const opened = await host.openDisks({ ...plan, listen: route.listen })
    return await route.reach(opened.address, context.signal, (connect) =>
      writeOpened(context, opened.disks, connect, writings),
    )
  } finally {
    await host.closeDisks(plan.holder)
  }
}

async function writeOpened(
  context: Context,
  disks: BackupExports['disks'],
  connect: ConnectOptions,
  writings: readonly DiskWriting[],
): Promise<Written> {
  const meter = new CopyMeter(context, 'writing')
  for (const { bytes } of writings) meter.expect(bytes)
  for (const { target, parts } of writings) {
    const exportName = disks.find((disk) => disk.target === target)?.exportName
    if (exportName === undefined) throw new Error(`the host did not open ${target}`)
    const client = await connectNbd({ ...connect, exportName })
    try {
      meter.at(target)
      await writeParts(context, client, parts, meter)
      await client.flush()
    } finally {
      await client.close()
    }
  }
  return { writtenBytes: meter.doneBytes, writeMs: meter.tookMs }
}

async function writeParts(
  { signal }: Context,
  client: NbdClient,
  parts: AsyncIterable<DiskBytes>,
  meter: CopyMeter,
): Promise<void> {
  const under: Promise<void>[] = []
  try {
    for await (const { offset, length, bytes } of parts) {
      if (signal.aborted) throw new Cancelled()
      const writing = bytes ? client.write(offset, bytes) : client.writeZeroes(offset, length)
      const counted = writing.then(() => meter.add(length))
      // It is awaited later; until then its failure is nobody's.
      counted.catch(() => undefined)
      under.push(counted)
      if (under.length >= windowParts) await under.shift()
    }
    await Promise.all(under)
  } catch (error) {
    await Promise.allSettled(under)
    throw error
  }
}
