import { join } from 'node:path'
import { CredentialBox } from './core/credential.ts'
import { WorkerLease } from './core/worker-lease.ts'
import { openDb } from './db.ts'
import { env } from './env.ts'
import { SkerryError } from './errors.ts'
import { libvirtDriver } from './hypervisor/libvirt/driver.ts'
import { startInventory } from './inventory/inventory.ts'
import { repeat } from './inventory/repeat.ts'
import { ChangeFeed } from './live/change-feed.ts'
import { log } from './log.ts'
import { exitWithParent } from './process.ts'
import { CloneExports } from './workflows/clone-exports.ts'
import { CloneStall } from './workflows/clone-stall.ts'
import { careForOne } from './workflows/datastore-care.ts'
import { startEngine } from './workflows/engine.ts'
import { hostTest } from './workflows/host-test.ts'
import { prune } from './workflows/prune.ts'
import { workflows } from './workflows/registry.ts'
import { Repositories } from './workflows/repositories.ts'
import { startScheduler } from './workflows/scheduler.ts'

/** A worker that restarts every day prunes too. */
const pruneEveryMs = 6 * 3_600_000
const careEveryMs = 5_000
const tendEveryMs = 2_000
/** Running steps get this long to end; the next worker goes on with what did not. */
const finishWithinMs = 3_000
const stopWithinMs = 8_000

/**
 * Holds the connections to hosts, keeps the database in step with them, runs the operations. Resolves when it is ready;
 * a signal ends it.
 */
export async function runWorker(): Promise<void> {
  const { DATABASE_URL: databaseUrl, SKERRY_KEY: key, SKERRY_WORKER: name, SKERRY_CACHE: cache, ...settings } = env()
  const keep = { operationDays: settings.SKERRY_KEEP_OPERATIONS_DAYS, eventDays: settings.SKERRY_KEEP_EVENTS_DAYS }
  const db = openDb(databaseUrl, { scope: 'fleet', poolSize: 20 })
  const worker = await WorkerLease.take({
    db,
    name,
    onLost: () => {
      log.fatal({ worker: name }, 'another process has the name of this worker now')
      process.exit(1)
    },
  }).catch((error: unknown) => {
    if (!(error instanceof SkerryError)) throw error
    log.fatal({ worker: name }, `${error.message} ${error.wayOut ?? ''}`)
    process.exit(1)
  })
  const changes = new ChangeFeed(databaseUrl)
  await changes.open()
  const credentials = CredentialBox.fromText(key)
  const inventory = await startInventory({ db, driver: libvirtDriver, workerId: name, log, credentials, changes })
  // No two workers of a database have the same name.
  const cacheFolder = join(cache, encodeURIComponent(name))
  const repositories = new Repositories({ db, keys: key, cacheFolder })
  const cloneExports = new CloneExports({
    ...{ db, repositories, hosts: inventory.hosts, log, keys: key, workerName: name, cacheFolder },
    ...{ port: settings.SKERRY_EXPORT_PORT, address: settings.SKERRY_EXPORT_ADDRESS },
    certificateFolder: settings.SKERRY_EXPORT_CERTIFICATE,
  })
  const engine = await startEngine({
    ...{ databaseUrl, db, changes, workflows, log, worker },
    hosts: inventory.hosts,
    testHost: hostTest(libvirtDriver, credentials),
    repositories,
    cloneExports,
  })
  const scheduler = startScheduler({ db, log })
  const pruning = repeat(
    pruneEveryMs,
    async () => void (await prune(db, keep, log)),
    (error) => log.warn({ error: String(error) }, 'removing what is old failed'),
  )
  let stopping = false
  const caring = repeat(
    careEveryMs,
    async () => {
      while (!stopping && (await careForOne({ db, repositories, log })));
    },
    (error) => log.warn({ error: String(error) }, 'looking after datastores failed'),
  )
  const stall = new CloneStall({ db, hosts: inventory.hosts, log, workerName: name })
  const tending = repeat(
    tendEveryMs,
    async () => {
      await cloneExports.tend()
      await stall.resume()
    },
    (error) => log.warn({ error: String(error) }, 'serving what clones share failed'),
  )
  log.info({ worker: name }, 'worker is ready')

  async function stop() {
    if (stopping) return
    stopping = true
    setTimeout(() => process.exit(0), stopWithinMs).unref()
    await scheduler.stop()
    void pruning.stop()
    void caring.stop()
    void tending.stop()
    // The engine first: its running steps still need their connections.
    await engine.stop(finishWithinMs)
    await cloneExports.stop()
    await repositories.close()
    await inventory.stop()
    await worker.release()
    await changes.close()
    await db.$disconnect()
    process.exit(0)
  }
  const stopLogged = () => void stop().catch((err: Error) => log.error({ err }, 'stopping the worker'))
  process.once('SIGTERM', stopLogged)
  process.once('SIGINT', stopLogged)
  exitWithParent(stopLogged)
}
