// A worker as a process of its own for tests that kill it: the engine over the hosts in the database, with a fault.
// Started by `startWorkerProcess`; never part of the product.
import { openDb } from '#server/db.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { beat } from '#server/inventory/lease.ts'
import { ChangeFeed } from '#server/live/change-feed.ts'
import { log } from '#server/log.ts'
import { exitWithParent } from '#server/process.ts'
import { startEngine } from '#server/workflows/engine.ts'
import { hostTest } from '#server/workflows/host-test.ts'
import { workflows } from '#server/workflows/registry.ts'
import { TestHosts } from './host-source.ts'

const [databaseUrl = '', workerId = '', killAfter = ''] = process.argv.slice(2)
exitWithParent(() => process.exit(0))
const db = openDb(databaseUrl, { scope: 'fleet' })
const changes = new ChangeFeed(databaseUrl)
await changes.open()
await beat(db, workerId, 'test')
setInterval(() => void beat(db, workerId, 'test').catch(() => undefined), 500)
await startEngine({
  databaseUrl,
  db,
  changes,
  log,
  workerId,
  workflows,
  testHost: hostTest(libvirtDriver, undefined),
  hosts: new TestHosts(db),
  hostWaitMs: 10_000,
  deadAfterMs: 2_000,
  sweepMs: 500,
  hooks: {
    async aroundStep(at, run) {
      const result = await run()
      // Done, and nobody has written down that it is done: the worst moment.
      if (at.turn === 'do' && at.step === killAfter) process.kill(process.pid, 'SIGKILL')
      return result
    },
  },
})
process.stdout.write('ready\n')
