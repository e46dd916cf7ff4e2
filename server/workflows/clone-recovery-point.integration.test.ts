import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { RECORD_LAYOUT } from '#lab/guest/disk.ts'
import { diskRecords, runInside, waitForAgent, waitForCount } from '#lab/guest/guest.ts'
import { removalOf } from '#server/core/recovery-point-removal.ts'
import { connectNbd } from '#server/nbd/connect.ts'
import { dropCaches, hashForever, hashInside, hashOfFile } from '#server/testing/disk-start.ts'
import { type FleetGuest, type FleetHost, type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { reachOverTls, tlsOf } from '#server/testing/fleet-tls.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askClonePoint, askRestoreNew } from '#server/testing/restore-new.ts'
import { resumeClones } from '#server/testing/stalled-clones.ts'
import { WorkerChild } from '#server/testing/worker-child.ts'

let fleet: TestFleet
let a: FleetHost
let guest: FleetGuest
let worker: WorkerChild
let folder = ''
let pointId = ''
let bootOfThen = ''
const datastoreId = crypto.randomUUID()
const mark = 'written before the backup'
/** Of what nobody else writes, in the hole before the records. */
const markPlace = (word: 'seek' | 'skip') => `bs=512 ${word}=${(RECORD_LAYOUT.offsetBytes - 2 ** 20) / 512} count=1`
const then = () => join(folder, 'then.raw')

async function startWorker(workerId: string) {
  worker = new WorkerChild(fleet.databaseUrl, fleet.exports)
  await worker.begin({ workerId })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-clone-'))
  fleet = await testFleet('clones', ['a'])
  a = fleet.host('a')
  guest = await fleet.guest('a', { name: 'web', memoryMib: 96 })
  await reachOverTls(fleet, a)
  await startWorker('first')
  const target = { kind: 'datastore' as const, id: datastoreId, name: 'first' }
  const input = { name: 'first', datastoreId, location: { kind: 'folder', path: join(folder, 'store') }, sealed: null }
  await fleet.ended(await fleet.ask({ kind: 'add-datastore', target, tenantId: null, input }))
  await waitForCount(a.lab, 'web')
  await waitForAgent(a.lab, 'web')
  await runInside(
    a.lab,
    'web',
    '/bin/sh',
    '-c',
    `echo '${mark}' | dd of=/dev/vda ${markPlace('seek')} conv=notrunc; sync`,
  )
  await a.lab.virsh('suspend', 'web')
  const vm = { kind: 'vm' as const, id: guest.id, name: 'web' }
  const asked = { kind: 'back-up-vm' as const, target: vm, tenantId: null, hostId: a.id, input: { datastoreId } }
  const backup = await fleet.ended(await fleet.ask(asked), 120_000)
  expect(backup.error).toBeNull()
  pointId = backup.id
  await run('qemu-img', ['convert', '-U', '-O', 'raw', a.lab.outsidePath(guest.diskPath), then()])
  bootOfThen = (await diskRecords(a.lab, guest.diskPath))[0]?.bootId ?? ''
  await a.lab.virsh('destroy', 'web')
})
afterAll(async () => {
  await worker?.stop()
  await fleet?.close()
  await rm(folder, { recursive: true, force: true })
})

async function clone(name: string, more: object = {}) {
  const askedAt = performance.now()
  const asked = await askClonePoint(fleet, pointId, { name, place: { hostId: a.id }, start: true, ...more })
  const end = await fleet.ended(asked.id, 60_000)
  expect(end.error).toBeNull()
  return { vmId: asked.targetId, tookMs: performance.now() - askedAt }
}

/** Boots that left records on a clone's disk, as its own guest reads them. */
async function bootsIn(name: string): Promise<Set<string>> {
  const part = `bs=1048576 skip=${RECORD_LAYOUT.offsetBytes / 2 ** 20} count=4`
  const found = `dd if=/dev/vda ${part} 2>/dev/null | tr '\\000' '\\n' | grep -o 'boot=[0-9a-f-]*' | sort -u`
  const text = await runInside(a.lab, name, '/bin/sh', '-c', `${dropCaches}; ${found}`)
  return new Set([...text.matchAll(/boot=([0-9a-f-]{36})/g)].map((match) => match[1] ?? ''))
}

test('two clones run within seconds, share the recovery point and write for themselves', async () => {
  const one = await clone('web-one')
  const two = await clone('web-two')
  console.log(`clones ran after ${Math.round(one.tookMs)} and ${Math.round(two.tookMs)} ms`)
  expect(Math.max(one.tookMs, two.tookMs)).toBeLessThan(15_000)
  const judge = judgeOf(a, 'web-')
  expect(await judge.running()).toHaveLength(2)
  for (const name of ['web-one', 'web-two']) await waitForAgent(a.lab, name, 90_000)
  const ownBoots = async (name: string) => [...(await bootsIn(name))].filter((boot) => boot !== bootOfThen)
  await expect.poll(async () => (await ownBoots('web-one')).length, { timeout: 60_000 }).toBe(1)
  await expect.poll(async () => (await ownBoots('web-two')).length, { timeout: 60_000 }).toBe(1)
  // Both have what the original had written, and neither what the other writes.
  expect(await ownBoots('web-one')).not.toEqual(await ownBoots('web-two'))
  for (const name of ['web-one', 'web-two']) {
    expect(await runInside(a.lab, name, '/bin/dd', 'if=/dev/vda', ...markPlace('skip').split(' '))).toContain(mark)
  }
  expect(await hashInside(a.lab, 'web-one')).toBe(await hashOfFile(then()))
  // The overlay names nothing that whoever opens it would follow, and holds little.
  for (const file of await judge.files()) {
    const text = await run('qemu-img', [
      'info',
      '-U',
      '--output=json',
      a.lab.outsidePath(`/var/lib/libvirt/images/${file}`),
    ])
    const { 'backing-filename': backing, 'actual-size': sizeBytes } = JSON.parse(text)
    expect(backing).toBeUndefined()
    expect(sizeBytes).toBeLessThan(20 * 2 ** 20)
  }
})

test('only who has a certificate and the whole name is served', async () => {
  const xml = await a.lab.virsh('dumpxml', '--inactive', 'web-one')
  const [, exportName = ''] = /protocol='nbd' name='([^']+)'/.exec(xml) ?? []
  const at = { host: '127.0.0.1', port: fleet.exports.port }
  const tls = { ...(await tlsOf(a.lab.pki)), serverName: 'skerry-worker' }
  const client = await connectNbd({ ...at, tls, exportName })
  expect(client.flags.readOnly).toBe(true)
  await client.close()
  const other = await fleet.db.vm.findFirstOrThrow({ where: { name: 'web-two' } })
  const forged = exportName.replace(/^[^.]+/, other.uuid)
  for (const name of [forged, `${exportName.slice(0, -1)}~`, 'vda', '']) {
    await expect(connectNbd({ ...at, tls, exportName: name })).rejects.toMatchObject({ code: 'no-export' })
  }
  await expect(connectNbd({ ...at, exportName })).rejects.toMatchObject({ code: 'tls' })
})

test('a killed worker has a guest that reads stand still, and the next one has it go on with the right bytes', async () => {
  const reading = await hashForever(a.lab, 'web-two', then())
  await reading.goesOn()
  const state = async () => (await a.lab.virsh('domstate', 'web-two', '--reason')).trim()
  await worker.stop()
  await expect.poll(state, { timeout: 60_000, interval: 500 }).toBe('paused (I/O error)')
  await delay(2_000)

  const startedAt = performance.now()
  await startWorker('second')
  const readyMs = performance.now() - startedAt
  await resumeClones(fleet, a, { workerName: 'second', names: ['web-one', 'web-two'] })
  const tookMs = performance.now() - startedAt
  console.log(
    `the next worker was ready after ${Math.round(readyMs)} ms, the guest went on after ${Math.round(tookMs)} ms`,
  )
  await waitForAgent(a.lab, 'web-two')
  await reading.goesOn()
  // It would read on for all that follows.
  await a.lab.virsh('suspend', 'web-two')
})

test('what clones stand on can’t be removed, and it is still what it was', async () => {
  const points = await fleet.db.recoveryPoint.findMany({ where: { id: pointId } })
  await expect(fleet.db.$transaction((tx) => removalOf(tx, points))).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/^web-one, web-two share blocks with the recovery point/),
  })
  await expect(fleet.db.recoveryPoint.delete({ where: { id: pointId } })).rejects.toThrow()
  const asked = await askRestoreNew(fleet, pointId, { name: 'then', place: { hostId: a.id } })
  expect((await fleet.ended(asked.id, 120_000)).error).toBeNull()
  const [file = ''] = await judgeOf(a, 'then-').files()
  const disk = a.lab.outsidePath(`/var/lib/libvirt/images/${file}`)
  expect(await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qcow2', then(), disk])).toMatch(/identical/)
})

test('what takes a VM’s disks for all there is, is refused while it shares blocks', async () => {
  const vm = await fleet.db.vm.findFirstOrThrow({ where: { name: 'web-one' } })
  const { vmRule } = await import('#server/schema/vm-rule.ts')
  for (const action of ['migrate', 'backup', 'snapshot', 'clone', 'edit-xml'] as const) {
    expect(vmRule(vm, action)).toMatch(/keep it on its own first/)
  }
})

test('kept on its own while it runs, it needs neither the worker nor the recovery point', async () => {
  const vm = await fleet.db.vm.findFirstOrThrow({ where: { name: 'web-one' } })
  const target = { kind: 'vm' as const, id: vm.id, name: vm.name }
  const kept = await fleet.ended(
    await fleet.ask({ kind: 'keep-clone', target, tenantId: null, hostId: a.id, input: {} }),
    120_000,
  )
  expect(kept.error).toBeNull()
  expect((await fleet.db.vm.findUniqueOrThrow({ where: { id: vm.id } })).standsOnId).toBeNull()
  for (const flags of [[], ['--inactive']]) {
    expect(await a.lab.virsh('dumpxml', ...flags, 'web-one')).not.toMatch(/protocol='nbd'/)
  }
  const boots = await bootsIn('web-one')
  await worker.stop()
  await a.lab.virsh('destroy', 'web-one')
  await a.lab.virsh('start', 'web-one')
  await waitForAgent(a.lab, 'web-one', 90_000)
  await expect.poll(async () => (await bootsIn('web-one')).size, { timeout: 60_000 }).toBeGreaterThan(boots.size)
  expect(await hashInside(a.lab, 'web-one')).toBe(await hashOfFile(then()))
  await startWorker('fourth')
})

test('the last clone that is deleted lets the recovery point go, with its own disk', async () => {
  const vm = await fleet.db.vm.findFirstOrThrow({ where: { name: 'web-two' } })
  await a.lab.virsh('destroy', 'web-two')
  const target = { kind: 'vm' as const, id: vm.id, name: vm.name }
  const asked = { kind: 'delete-vm' as const, target, tenantId: null, hostId: a.id, input: { keepDisks: false } }
  expect((await fleet.ended(await fleet.ask(asked), 60_000)).error).toBeNull()
  expect(await judgeOf(a, 'web-two').files()).toEqual([])
  const points = await fleet.db.recoveryPoint.findMany({ where: { id: pointId } })
  await fleet.db.$transaction((tx) => removalOf(tx, points))
})
