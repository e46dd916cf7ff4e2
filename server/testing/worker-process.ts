// A worker as a process of its own for tests that kill it: the engine over the hosts in the database, with a fault.
// Started by `WorkerChild`, whose orders it awaits; never part of the product.
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { WorkerLease } from '#server/core/worker-lease.ts'
import { openDb } from '#server/db.ts'
import { env } from '#server/env.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { repeat } from '#server/inventory/repeat.ts'
import { ChangeFeed } from '#server/live/change-feed.ts'
import { log } from '#server/log.ts'
import { exitWithParent } from '#server/process.ts'
import { CloneExports } from '#server/workflows/clone-exports.ts'
import { startEngine } from '#server/workflows/engine.ts'
import { hostTest } from '#server/workflows/host-test.ts'
import { workflows } from '#server/workflows/registry.ts'
import { Repositories } from '#server/workflows/repositories.ts'
import { TestHosts } from './host-source.ts'
import type { WorkerOrders } from './worker-child.ts'

/** Far shorter than a real worker's. */
const sweepMs = 150
const tendMs = 300

exitWithParent(() => process.exit(0))
const [databaseUrl = '', cacheFolder = '', exportPort = '', certificateFolder] = process.argv.slice(2)
const orders = once(createInterface(process.stdin), 'line')
const db = openDb(databaseUrl, { scope: 'fleet' })
const changes = new ChangeFeed(databaseUrl)
await Promise.all([changes.open(), db.$queryRaw`SELECT 1`])
const [line] = await orders
const { workerId: name, killAfter, silenceMs = 4_000, holdMs = 0, trailPath }: WorkerOrders = JSON.parse(line)
const worker = await WorkerLease.take({ db, name, silenceMs, onLost: () => process.exit(3) })
const keys = env().SKERRY_KEY
const hosts = new TestHosts(db)
const repositories = new Repositories({ db, keys, cacheFolder })
const port = Number(exportPort) || env().SKERRY_EXPORT_PORT
const cloneExports = new CloneExports({
  ...{ db, repositories, hosts, log, keys, workerName: name, cacheFolder, port, certificateFolder },
})
if (certificateFolder) {
  await cloneExports.tend()
  repeat(
    tendMs,
    () => cloneExports.tend(),
    (error) => log.warn({ err: error }, 'serving what clones share failed'),
  )
}
await startEngine({
  databaseUrl,
  db,
  changes,
  log,
  worker,
  workflows,
  testHost: hostTest(libvirtDriver, undefined),
  repositories,
  cloneExports,
  hosts,
  hostWaitMs: 10_000,
  sweepMs,
  hooks: {
    async aroundStep(at, run) {
      if (trailPath) appendFileSync(trailPath, `${name} ${at.step}\n`)
      await delay(holdMs)
      const result = await run()
      // Done, and nobody has written down that it is done: the worst moment.
      const isDoomed = at.turn === 'do' && at.kind === killAfter?.kind && at.step === killAfter.step
      if (isDoomed) process.kill(process.pid, 'SIGKILL')
      return result
    },
  },
})
process.stdout.write('ready\n')
