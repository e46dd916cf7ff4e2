import { parentPort } from 'node:worker_threads'
import type { ChunkJob, ChunkResult, OpenWork } from './chunk-pool.ts'
import { compressInPlace } from './compress.ts'
import { chunkBytes, idBytes } from './layout.ts'
import { openAll } from './open-chunk.ts'

const answer = (result: ChunkResult, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(result, transfer)

function open(job: number, { keys, ids, frames, memory }: OpenWork) {
  const contents = Buffer.allocUnsafeSlow(frames.length * chunkBytes)
  const sealed = Buffer.from(memory)
  let at = 0
  const described = frames.map(({ length, ...frame }, index) => {
    const bytes = sealed.subarray(at, at + length)
    at += length
    return { ...frame, id: Buffer.from(ids.buffer, index * idBytes, idBytes), bytes }
  })
  const opened = openAll(keys, described).map((each, index) =>
    'problem' in each ? each : { length: each.bytes.copy(contents, index * chunkBytes) },
  )
  answer({ job, opened, contents: contents.buffer }, [contents.buffer])
}

parentPort?.on('message', ({ job, ...work }: ChunkJob) => {
  if ('frames' in work) open(job, work)
  else answer({ job, packed: compressInPlace(Buffer.from(work.memory), work.count, work.level) })
})
