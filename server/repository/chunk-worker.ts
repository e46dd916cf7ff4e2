import { parentPort } from 'node:worker_threads'
import type { ChunkJob, ChunkResult, CompressJob, OpenJob } from './chunk-pool.ts'
import { compressInPlace } from './compress.ts'
import { chunkBytes } from './layout.ts'
import { openChunk } from './open-chunk.ts'

const answer = (result: ChunkResult, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(result, transfer)

function compress({ job, memory, count, level }: CompressJob) {
  answer({ job, packed: compressInPlace(Buffer.from(memory), count, level) })
}

function open({ job, keys, frames, memory }: OpenJob) {
  const contents = Buffer.allocUnsafeSlow(frames.length * chunkBytes)
  const sealed = Buffer.from(memory)
  let at = 0
  const opened = frames.map((frame, index) => {
    const bytes = sealed.subarray(at, at + frame.length)
    at += frame.length
    try {
      const { bytes: content } = openChunk(keys, { ...frame, id: Buffer.from(frame.id), bytes })
      return { length: content.copy(contents, index * chunkBytes) }
    } catch (error) {
      return { problem: (error as Error).message }
    }
  })
  answer({ job, opened, contents: contents.buffer }, [contents.buffer])
}

parentPort?.on('message', (job: ChunkJob) => ('frames' in job ? open(job) : compress(job)))
