import type { BackupExports } from '#server/hypervisor/backup-plan.ts'
import type { NbdClient } from '#server/nbd/client.ts'
import { type ConnectOptions, connectNbd } from '#server/nbd/connect.ts'
import type { Extent } from '#server/nbd/extent.ts'
import { readAhead } from '#server/nbd/read-ahead.ts'
import { allocationFlag, dirtyFlag } from '#server/nbd/wire.ts'
import type { BackupWriter } from '#server/repository/backup-writer.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import { CopyMeter } from './copy-meter.ts'
import type { StepContext } from './define.ts'

type Context = Pick<StepContext<unknown, object>, 'progress' | 'signal'>

const allocation = 'base:allocation'

/** Reads what a backup exports into a recovery point. @returns how many bytes were read */
export async function copyDisks(
  context: Context,
  exports: BackupExports,
  connect: ConnectOptions,
  writer: BackupWriter,
): Promise<number> {
  const meter = new CopyMeter(context, 'reading')
  const clients: NbdClient[] = []
  try {
    const wanted: { client: NbdClient; target: string; data: Extent[] }[] = []
    for (const { target, exportName, changes } of exports.disks) {
      const contexts = changes ? [allocation, changes] : [allocation]
      const client = await connectNbd({ ...connect, exportName, contexts })
      clients.push(client)
      const data = await wantedOf(client, target, changes, writer)
      meter.expect(data.reduce((sum, { length }) => sum + length, 0))
      wanted.push({ client, target, data })
    }
    for (const { client, target, data } of wanted) {
      meter.at(target)
      for await (const { offset, bytes } of readAhead(client, data, { signal: context.signal })) {
        await writer.write(target, offset / chunkBytes, bytes)
        meter.add(bytes.length)
      }
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
  return meter.doneBytes
}

/** What of a disk is to be read; what is known to be zeros is written down at once. */
async function wantedOf(
  client: NbdClient,
  target: string,
  changes: string | null,
  writer: BackupWriter,
): Promise<Extent[]> {
  const wanted: Extent[] = []
  const runs = changes ? changed(client, changes) : whole(client)
  for await (const run of runs) wanted.push(run)
  // Of a parent's chunks that are known to be broken, what is still on the disk heals them.
  for await (const { firstChunk, count } of writer.brokenInParent(target)) {
    wanted.push({ offset: firstChunk * chunkBytes, length: count * chunkBytes, flags: 0 })
  }
  return withoutHoles(client, target, joined(wanted, client.sizeBytes), writer, changes !== null)
}

async function* whole(client: NbdClient): AsyncGenerator<Extent> {
  yield { offset: 0, length: client.sizeBytes, flags: 0 }
}

async function* changed(client: NbdClient, context: string): AsyncGenerator<Extent> {
  for await (const extent of client.extents(context, 0, client.sizeBytes))
    if (extent.flags & dirtyFlag.dirty) yield extent
}

/** Whole chunks, in rising order and apart. */
function joined(extents: readonly Extent[], sizeBytes: number): Extent[] {
  const result: Extent[] = []
  const aligned = extents.map(({ offset, length }) => ({
    start: Math.floor(offset / chunkBytes) * chunkBytes,
    end: Math.min(sizeBytes, Math.ceil((offset + length) / chunkBytes) * chunkBytes),
  }))
  for (const { start, end } of aligned.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1)
    const from = last ? Math.max(start, last.offset + last.length) : start
    if (end <= from) continue
    if (last && last.offset + last.length === from) last.length += end - from
    else result.push({ offset: from, length: end - from, flags: 0 })
  }
  return result
}

/** Chunks that the host knows to be zeros are not read; in an incremental backup they are written down as zeros. */
async function withoutHoles(
  client: NbdClient,
  target: string,
  wanted: readonly Extent[],
  writer: BackupWriter,
  hasParent: boolean,
): Promise<Extent[]> {
  const data: Extent[] = []
  for (const { offset, length } of wanted) {
    for await (const extent of client.extents(allocation, offset, length)) {
      if (extent.flags & allocationFlag.zero) continue
      data.push(extent)
    }
  }
  const read = joined(data, client.sizeBytes)
  if (!hasParent) return read
  for (const hole of without(wanted, read)) {
    await writer.writeZeros(target, hole.offset / chunkBytes, Math.ceil(hole.length / chunkBytes))
  }
  return read
}

/** What of `all` is not in `some`; both in rising order and apart, `some` within `all`. */
function without(all: readonly Extent[], some: readonly Extent[]): Extent[] {
  const rest: Extent[] = []
  for (const { offset, length } of all) {
    let at = offset
    for (const each of some) {
      if (each.offset + each.length <= at || each.offset >= offset + length) continue
      if (each.offset > at) rest.push({ offset: at, length: each.offset - at, flags: 0 })
      at = each.offset + each.length
    }
    if (at < offset + length) rest.push({ offset: at, length: offset + length - at, flags: 0 })
  }
  return rest
}
