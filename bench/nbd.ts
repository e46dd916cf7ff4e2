// Blocks over NBD on one machine, from the page cache: our client beside QEMU's against QEMU's server, and our server
// beside QEMU's with QEMU's client. Ratios above 1 are ours being faster.
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NbdClient } from '#server/nbd/client.ts'
import { connectNbd } from '#server/nbd/connect.ts'
import { readAhead } from '#server/nbd/read-ahead.ts'
import { NbdServer } from '#server/nbd/server.ts'
import { fileExport } from '#server/nbd/testing/file-export.ts'
import { QemuNbd, qemu } from '#server/nbd/testing/qemu-nbd.ts'
import { pattern } from '#server/nbd/testing/random.ts'
import { geometricMean, median, rounded, timed } from './measure/percentile.ts'
import { say, sayMachine, sayResult, sayTable } from './measure/report.ts'

const MIB = 2 ** 20
const imageBytes = 256 * MIB
const runs = 3

interface Load {
  name: string
  kind: 'read' | 'write'
  requests: number
  bytes: number
  depth: number
}

const loads: readonly Load[] = [
  { name: 'read 1 MiB, 8 at once', kind: 'read', requests: 512, bytes: MIB, depth: 8 },
  { name: 'read 4 KiB, 16 at once', kind: 'read', requests: 20_000, bytes: 4096, depth: 16 },
  { name: 'read 4 KiB, one by one', kind: 'read', requests: 5_000, bytes: 4096, depth: 1 },
  { name: 'write 1 MiB, 8 at once', kind: 'write', requests: 256, bytes: MIB, depth: 8 },
  { name: 'write 4 KiB, 16 at once', kind: 'write', requests: 20_000, bytes: 4096, depth: 16 },
]

const mibPerSecond = ({ requests, bytes }: Load, ms: number) => (requests * bytes) / MIB / (ms / 1000)

/** QEMU's client; what it needs to start is not counted. */
async function qemuMs({ kind, requests, bytes, depth }: Load, uri: string): Promise<number> {
  const args = ['-f', 'raw', '-c', `${requests}`, '-d', `${depth}`, '-s', `${bytes}`]
  const said = await qemu('qemu-img', 'bench', ...args, ...(kind === 'write' ? ['-w'] : []), uri)
  return Number(/completed in ([\d.]+) seconds/.exec(said)?.[1]) * 1000
}

/** Our client, with so many requests in flight. */
async function ourMs({ kind, requests, bytes, depth }: Load, client: NbdClient): Promise<number> {
  const payload = pattern(bytes)
  const whole = [{ offset: 0, length: Math.min(requests * bytes, imageBytes), flags: 0 }]
  const { ms } = await timed(async () => {
    if (kind === 'read' && bytes === MIB) {
      for (let round = 0; round < (requests * bytes) / imageBytes; round++) {
        for await (const _ of readAhead(client, whole, { pieceBytes: bytes, pieces: depth }));
      }
      return
    }
    let next = 0
    const worker = async () => {
      for (let index = next++; index < requests; index = next++) {
        const offset = (index * bytes) % imageBytes
        if (kind === 'read') await client.read(offset, bytes)
        else await client.write(offset, payload)
      }
    }
    await Promise.all(Array.from({ length: depth }, worker))
  })
  return ms
}

const path = join(tmpdir(), `skerry-bench-nbd-${process.pid}`)
const theirSocket = `${path}.theirs`
const ourSocket = `${path}.ours`
const file = await open(`${path}.raw`, 'w+')
await file.write(pattern(imageBytes))
const theirArgs = ['-k', theirSocket, '-f', 'raw', '--cache=writeback', `${path}.raw`]
const theirs = await QemuNbd.start({ socketPath: theirSocket }, theirArgs)
const ours = await NbdServer.start({ listen: { socketPath: ourSocket }, open: () => fileExport(file, imageBytes) })
try {
  sayMachine()
  const client = await connectNbd({ socketPath: theirSocket, exportName: '' })
  const rows = []
  for (const load of loads) {
    say(load.name)
    const samples = { client: [] as number[], peer: [] as number[], server: [] as number[] }
    for (let run = 0; run < runs; run++) {
      samples.peer.push(mibPerSecond(load, await qemuMs(load, `nbd+unix:///?socket=${theirSocket}`)))
      samples.client.push(mibPerSecond(load, await ourMs(load, client)))
      samples.server.push(mibPerSecond(load, await qemuMs(load, `nbd+unix:///?socket=${ourSocket}`)))
    }
    rows.push({
      name: load.name,
      peer: median(samples.peer),
      client: median(samples.client),
      server: median(samples.server),
    })
  }
  await client.close()
  sayTable(
    ['load', 'QEMU with QEMU MiB/s', 'our client MiB/s', 'ratio', 'our server MiB/s', 'ratio'],
    rows.map(({ name, peer, client: own, server }) => [name, peer, own, own / peer, server, server / peer]),
  )
  sayMachine()
  sayResult({
    bench: 'nbd',
    clientVsQemu: rounded(geometricMean(rows.map((row) => row.client / row.peer))),
    serverVsQemu: rounded(geometricMean(rows.map((row) => row.server / row.peer))),
    readMibPerSecond: rounded(rows[0]?.client ?? 0),
    servedMibPerSecond: rounded(rows[0]?.server ?? 0),
  })
} finally {
  await ours.close()
  await theirs.stop()
  await file.close()
  await rm(`${path}.raw`)
}
