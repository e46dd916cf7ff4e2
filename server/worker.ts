import { flushCompileCache } from 'node:module'
import { runWorker } from './run-worker.ts'

/**
 * The worker process. With `--compile` it only fills the folder named by NODE_COMPILE_CACHE: from there a worker starts
 * sooner, and never loads what strips types, which takes memory in each of its threads.
 */
if (process.argv.includes('--compile')) {
  await import('./repository/chunk-worker.ts')
  flushCompileCache()
} else {
  await runWorker()
}
