import { parentPort } from 'node:worker_threads'
import { compressInPlace } from './compress.ts'
import type { CompressJob, CompressResult } from './compress-pool.ts'

parentPort?.on('message', ({ job, memory, count, level }: CompressJob) => {
  const result: CompressResult = { job, packed: compressInPlace(Buffer.from(memory), count, level) }
  parentPort?.postMessage(result)
})
