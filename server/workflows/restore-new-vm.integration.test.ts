import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { diskRecords, waitForAgent, waitForCount } from '#lab/guest/guest.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type FleetGuest, type FleetHost, type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { reachOverTls } from '#server/testing/fleet-tls.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askRestoreNew } from '#server/testing/restore-new.ts'

let fleet: TestFleet
let engine: TestEngine
let a: FleetHost
let b: FleetHost
let guest: FleetGuest
let folder = ''
const datastoreId = crypto.randomUUID()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-restore-'))
  fleet = await testFleet('restores', ['a', 'b'])
  ;[a, b] = [fleet.host('a'), fleet.host('b')]
  guest = await fleet.guest('a', { name: 'web', memoryMib: 96 })
  for (const host of [a, b]) await reachOverTls(fleet, host)
  engine = await testEngine(fleet)
  await fleet.ended(
    await fleet.ask({
      ...{ kind: 'add-datastore', target: { kind: 'datastore', id: datastoreId, name: 'first' }, tenantId: null },
      input: { name: 'first', datastoreId, location: { kind: 'folder', path: join(folder, 'store') }, sealed: null },
    }),
  )
})
afterAll(async () => {
  await engine?.stop()
  await fleet?.close()
  await rm(folder, { recursive: true, force: true })
})

test('of a VM that is gone, at another site: identical disks, an identity of its own, and the guest’s records', async () => {
  await waitForCount(a.lab, 'web')
  const target = { kind: 'vm' as const, id: guest.id, name: guest.name }
  await a.lab.virsh('suspend', 'web')
  const backup = await fleet.ended(
    await fleet.ask({ kind: 'back-up-vm', target, tenantId: null, hostId: a.id, input: { datastoreId } }),
    120_000,
  )
  expect(backup.error).toBeNull()
  const then = join(folder, 'then.qcow2')
  await run('qemu-img', ['convert', '-U', '-O', 'qcow2', a.lab.outsidePath(guest.diskPath), then])
  const [mac] = /52:54:00:[0-9a-f:]+/.exec(await a.lab.virsh('dumpxml', 'web')) ?? []

  await a.lab.virsh('destroy', 'web')
  const deleted = await fleet.ended(
    await fleet.ask({ kind: 'delete-vm', target, tenantId: null, hostId: a.id, input: {} }),
  )
  expect(deleted.error).toBeNull()
  const gone = judgeOf(a, 'web')
  expect([await gone.known(), await gone.files()]).toEqual([[], []])
  expect(await fleet.db.vm.count({ where: { id: guest.id } })).toBe(0)
  const point = await fleet.db.recoveryPoint.findUniqueOrThrow({ where: { id: backup.id } })
  expect(point).toMatchObject({ vmId: null, vmUuid: guest.uuid, vmName: 'web', datastoreId })

  // The network is not there: its card comes unplugged.
  await fleet.db.network.deleteMany({ where: { hostId: b.id } })
  const site = await fleet.db.site.findUniqueOrThrow({ where: { slug: 'b' } })
  const asked = await askRestoreNew(fleet, point.id, { name: 'web-again', place: { siteId: site.id } })
  const end = await fleet.ended(asked.id, 120_000)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ unplugged: 1, leftOut: [] })
  const judge = judgeOf(b, 'web-again')
  const [file = ''] = await judge.files()
  const disk = b.lab.outsidePath(`/var/lib/libvirt/images/${file}`)
  expect(await run('qemu-img', ['compare', '-f', 'qcow2', '-F', 'qcow2', then, disk])).toMatch(/identical/)
  const definition = await b.lab.virsh('dumpxml', 'web-again')
  expect(definition).not.toContain(guest.uuid)
  expect(definition).not.toContain(mac)
  expect(definition).toMatch(/<interface type='ethernet'>/)

  const boots = async () => (await diskRecords(b.lab, `/var/lib/libvirt/images/${file}`)).map(({ bootId }) => bootId)
  const [bootId] = await boots()
  expect(bootId).toBeDefined()
  await b.lab.virsh('start', 'web-again')
  await waitForAgent(b.lab, 'web-again')
  await expect.poll(async () => (await boots()).some((each) => each !== bootId), { timeout: 60_000 }).toBe(true)
  await b.lab.virsh('destroy', 'web-again')
})

test('cancelled while it is written: no volume, no definition, no row', async () => {
  const point = await fleet.db.recoveryPoint.findFirstOrThrow()
  engine.hooks = {
    aroundStep: async (at, work) => {
      if (at.turn === 'do' && at.step === 'write disks') {
        const cancelled = { cancelRequestedAt: new Date(), cancelRequestedBy: 'Tester', state: 'cancelling' as const }
        await fleet.db.operation.update({ where: { id: at.operationId }, data: cancelled })
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
      return work()
    },
  }
  const asked = await askRestoreNew(fleet, point.id, { name: 'other', place: { hostId: b.id } })
  const end = await fleet.ended(asked.id, 60_000)
  expect(end.state).toBe('cancelled')
  const judge = judgeOf(b, 'other')
  expect([...(await judge.known()), ...(await judge.files())]).toEqual([])
  expect(await fleet.db.vm.count({ where: { id: asked.targetId } })).toBe(0)
})
