import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { waitForCount } from '#lab/guest/guest.ts'
import { listRestorableVms } from '#server/core/gone-vm.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type FleetGuest, type FleetHost, type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { reachOverTls } from '#server/testing/fleet-tls.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askRestoreNew } from '#server/testing/restore-new.ts'
import { packsOf } from '#server/testing/store-files.ts'

let fleet: TestFleet
let engine: TestEngine
let a: FleetHost
let b: FleetHost
let guest: FleetGuest
let folder = ''
const [tenantId, datastoreId, archiveStoreId] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
/** The older one goes to the archive alone. */
let older = ''
let newer = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-archived-'))
  fleet = await testFleet('archived restores', ['a', 'b'])
  ;[a, b] = [fleet.host('a'), fleet.host('b')]
  guest = await fleet.guest('a', { name: 'web', memoryMib: 96 })
  for (const host of [a, b]) await reachOverTls(fleet, host)
  await fleet.db.tenant.create({ data: { id: tenantId, name: 'Polar', slug: 'polar' } })
  await fleet.db.vm.update({ where: { id: guest.id }, data: { tenantId } })
  engine = await testEngine(fleet)
  const location = (name: string) => ({ kind: 'folder', path: join(folder, name) })
  const made = [
    await fleet.ask({
      ...{ kind: 'add-datastore', target: { kind: 'datastore', id: datastoreId, name: 'near' }, tenantId: null },
      input: { name: 'near', datastoreId, location: location('near'), sealed: null },
    }),
    await fleet.ask({
      ...{ kind: 'save-archive-store', target: { kind: 'archive-store', id: archiveStoreId, name: 'far' } },
      tenantId: null,
      input: {
        ...{ name: 'far', archiveStoreId, location: location('far'), sealed: null, isNew: true, lockDays: null },
        ...{ currency: 'EUR', pricePerGbMonth: 1, pricePerGbRead: 2, firstByteSeconds: 0 },
      },
    }),
  ]
  for (const id of made) expect((await fleet.ended(id)).error).toBeNull()
  const limits = { minKeepDays: 1, maxKeepDays: 1000, mayDeleteLocal: true }
  await fleet.db.archiveGrant.create({ data: { archiveStoreId, tenantId, ...limits } })
})
afterAll(async () => {
  await engine?.stop()
  await fleet?.close()
  await rm(folder, { recursive: true, force: true })
})

const then = () => join(folder, 'then.qcow2')
const backUp = async () => {
  const target = { kind: 'vm' as const, id: guest.id, name: guest.name }
  const asked = await fleet.ask({ kind: 'back-up-vm', target, tenantId, hostId: a.id, input: { datastoreId } })
  const end = await fleet.ended(asked, 120_000)
  expect(end.error).toBeNull()
  return end.id
}
const restoreInPlace = async () => {
  const target = { kind: 'vm' as const, id: guest.id, name: guest.name }
  const input = { recoveryPointId: older, archiveStoreId, datastoreId, shutdownMs: 5_000 }
  return fleet.ended(await fleet.ask({ kind: 'restore-vm', target, tenantId, hostId: a.id, input }), 180_000)
}

test('the host dies in the middle of archiving: that goes on without it; a restore says so, and works when it is back', {
  timeout: 300_000,
}, async () => {
  await waitForCount(a.lab, 'web')
  await a.lab.virsh('suspend', 'web')
  older = await backUp()
  await run('qemu-img', ['convert', '-U', '-O', 'qcow2', a.lab.outsidePath(guest.diskPath), then()])
  await a.lab.virsh('resume', 'web')
  await delay(3_000)
  newer = await backUp()
  const policy = await fleet.db.archivalPolicy.create({
    data: {
      ...{ tenantId, name: 'all', archiveStoreId, allVms: true, which: 'every', begins: 'age', minAgeDays: 0 },
      ...{
        timeZone: 'UTC',
        keepDays: 100,
        localCopy: 'delete',
        nextAt: new Date(Date.now() + 1e9),
        createdBy: 'Tester',
      },
    },
  })
  engine.hooks = {
    aroundStep: async (at, work) => {
      if (at.step !== 'archive') return work()
      const working = work()
      await expect.poll(() => packsOf(join(folder, 'far')), { timeout: 30_000, interval: 5 }).not.toEqual([])
      // In the middle: something is there, and nothing is archived yet.
      expect(await fleet.db.archivedPoint.count()).toBe(0)
      await a.lab.powerOff()
      return working
    },
  }
  const asked = await fleet.ask({
    ...{ kind: 'archive-recovery-points', target: { kind: 'archival-policy', id: policy.id, name: 'all' }, tenantId },
    input: { policyId: policy.id, archiveStoreId },
  })
  const end = await fleet.ended(asked, 120_000)
  engine.hooks = {}
  expect(end).toMatchObject({ error: null, result: { archived: 2, released: 1 } })
  expect((await fleet.db.recoveryPoint.findMany()).map(({ id }) => id)).toEqual([newer])

  const refused = await restoreInPlace()
  expect(refused).toMatchObject({
    state: 'failed',
    error: { code: 'unavailable', message: expect.stringMatching(/\ba\b.*(answer|reach|connect)/i) },
  })
  expect(refused.error).toHaveProperty('wayOut')
  await a.lab.powerOn()
  const restored = await restoreInPlace()
  expect(restored.error).toBeNull()
  const disk = a.lab.outsidePath(guest.diskPath)
  expect(await run('qemu-img', ['compare', '-f', 'qcow2', '-F', 'qcow2', then(), disk])).toMatch(/identical/)
})

test('a VM that is gone, with nothing left in any datastore, is made anew straight from the archive', {
  timeout: 200_000,
}, async () => {
  await a.lab.virsh('destroy', 'web').catch(() => undefined)
  await a.lab.virsh('undefine', 'web', '--checkpoints-metadata', '--nvram')
  await fleet.db.vm.delete({ where: { id: guest.id } })
  const ids = (await fleet.db.recoveryPoint.findMany()).map(({ id }) => id)
  const removed = await fleet.ask({
    ...{ kind: 'remove-recovery-points', target: { kind: 'datastore', id: datastoreId, name: 'near' }, tenantId },
    input: { ids, datastoreId },
  })
  expect((await fleet.ended(removed)).error).toBeNull()
  await rename(join(folder, 'near'), join(folder, 'lost'))
  expect(await listRestorableVms(fleet.db)).toMatchObject([
    { vmUuid: guest.uuid, name: 'web', vmId: null, tenantId, recoveryPoints: 0, archived: 2 },
  ])
  const site = await fleet.db.site.findUniqueOrThrow({ where: { slug: 'b' } })
  const wanted = { name: 'web-again', place: { siteId: site.id }, archiveStoreId }
  const asked = await askRestoreNew(fleet, older, wanted)
  const end = await fleet.ended(asked.id, 120_000)
  expect(end.error).toBeNull()
  const [file = ''] = await judgeOf(b, 'web-again').files()
  const disk = b.lab.outsidePath(`/var/lib/libvirt/images/${file}`)
  expect(await run('qemu-img', ['compare', '-f', 'qcow2', '-F', 'qcow2', then(), disk])).toMatch(/identical/)
  expect(await b.lab.virsh('dumpxml', 'web-again')).not.toContain(guest.uuid)
  // One that is not in that store, or in none, is not there.
  for (const id of [crypto.randomUUID(), older]) {
    const elsewhere = id === older ? crypto.randomUUID() : archiveStoreId
    const more = { ...wanted, name: 'nobody', archiveStoreId: elsewhere }
    await expect(askRestoreNew(fleet, id, more)).rejects.toMatchObject({ code: 'not-found' })
  }
})
