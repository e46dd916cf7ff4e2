import { parentPort, workerData } from 'node:worker_threads'
import type { ChunkJob, ChunkResult, CompressWork, OpenWork } from './chunk-pool.ts'
import { Compressor } from './compress.ts'
import { idBytes } from './layout.ts'
import { openAll, problemsOf } from './open-chunk.ts'

const answer = (result: ChunkResult, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(result, transfer)

let compressor: Compressor | undefined

function compress(job: number, { memory, count }: CompressWork) {
  compressor ??= new Compressor(workerData.level)
  answer({ job, packed: compressor.compressInPlace(Buffer.from(memory), count) })
}

function open(job: number, { wantsBytes, keys, ids, frames, memory }: OpenWork) {
  const sealed = Buffer.from(memory)
  let at = 0
  const described = frames.map(({ length, ...frame }, index) => {
    const bytes = sealed.subarray(at, at + length)
    at += length
    return { ...frame, id: Buffer.from(ids.buffer, index * idBytes, idBytes), bytes }
  })
  const found = openAll(keys, described)
  if (!wantsBytes) return answer({ job, problems: problemsOf(found) })
  const opened = found.map((each) => ('problem' in each ? each : { bytes: ownMemory(each.bytes) }))
  answer(
    { job, opened },
    opened.flatMap((each) => ('bytes' in each ? [each.bytes] : [])),
  )
}

/** It goes to the other thread and is gone here: what is a part of something larger is copied. */
function ownMemory(bytes: Buffer): ArrayBuffer {
  const { buffer } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length ? buffer : new Uint8Array(bytes).buffer
}

parentPort?.on('message', ({ job, ...work }: ChunkJob) => {
  if ('frames' in work) open(job, work)
  else compress(job, work)
})
