import { parentPort } from 'node:worker_threads'
import { compressChunks } from './compress.ts'
import type { CompressJob } from './compress-pool.ts'

parentPort?.on('message', ({ job, bytes, level }: CompressJob) => {
  const { content, sizes, flags } = compressChunks(Buffer.from(bytes), level)
  const result = { job, bytes: content.buffer, sizes, flags }
  parentPort?.postMessage(result, [content.buffer])
})
