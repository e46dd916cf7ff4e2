import { basename, dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Host } from '#lab/host.ts'
import { requestCancel } from '#server/core/operation.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { type TestEngine, testEngine } from '#server/testing/engine.ts'
import { type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { expectOnItsOwn } from '#server/testing/kept-clone.ts'
import { askCleanUp } from '#server/testing/moving.ts'
import { runningClone } from '#server/testing/running-clone.ts'

type Clone = Awaited<ReturnType<typeof runningClone>>

let fleet: TestFleet
let engine: TestEngine
let lab: Host
let clone: Clone | undefined
beforeAll(async () => {
  fleet = await testFleet('kept clones', ['a'])
  engine = await testEngine(fleet)
  lab = fleet.host('a').lab
})
afterEach(async () => {
  engine.hooks = {}
  await clone?.clear()
  clone = undefined
})
afterAll(async () => {
  await engine?.stop()
  await fleet?.close()
})

async function cloneOf(name: string, more: { hasTwoDisks?: boolean } = {}) {
  await clone?.clear()
  clone = await runningClone(fleet, name, more)
  return clone
}
const keep = ({ on }: Clone) => fleet.ask({ kind: 'keep-clone', ...on, input: {} })
const stateOf = async (name: string) => (await lab.virsh('domstate', '--reason', name)).trim()

/** Asks for what a VM's disks have done and hold, again and again, as whoever draws curves of a host does. */
function askForStatistics(name: string) {
  let [isOver, answers] = [false, 0]
  const batch = `for n in $(seq 40); do echo "domstats --block ${name}"; done | virsh -q | grep -c block.0.name || true`
  const ask = async () => {
    while (!isOver) answers += Number(await lab.run('bash', '-c', batch))
  }
  const asking = Promise.all([ask(), ask()])
  return {
    async end(): Promise<number> {
      isOver = true
      await asking
      return answers
    },
  }
}

/** Has something happen before a step is done, from now on. */
function before(wanted: string, what: (operationId: string) => Promise<unknown>) {
  engine.hooks = {
    aroundStep: async ({ step, turn, operationId }, run) => {
      if (step === wanted && turn === 'do') await what(operationId)
      return run()
    },
  }
}

/** The copy of this disk takes seconds: it is found on its way already, and slow. */
const slowly = (name: string, target: string, path: string) =>
  before('copy', async (operationId) => {
    const to = join(dirname(path), taggedName(basename(path), operationId))
    const how = ['--format', 'qcow2', '--reuse-external', '--transient-job', '--bandwidth', '1']
    await lab.virsh('blockcopy', name, target, to, ...how)
  })

const isAt = (id: string, phase: string) =>
  expect
    .poll(() => fleet.db.operation.findUniqueOrThrow({ where: { id } }), { timeout: 20_000, interval: 50 })
    .toMatchObject({ step: 'copy', phase })

test('a guest lives on whoever asks for its statistics meanwhile', { timeout: 60_000 }, async () => {
  for (const name of ['kept-one', 'kept-two']) {
    const its = await cloneOf(name)
    const statistics = askForStatistics(name)
    const end = await fleet.ended(await keep(its))
    expect(await statistics.end()).toBeGreaterThan(80)
    expect(await stateOf(name)).toBe('running (booted)')
    expect(end.error).toBeNull()
    await expectOnItsOwn(fleet, its, [its.diskPath])
  }
})

test('cancelled between two disks the one is on its own, the other shares, and the next time goes on there', async () => {
  const name = 'kept-half'
  const its = await cloneOf(name, { hasTwoDisks: true })
  const oldFiles = await its.files()
  const [, second = ''] = oldFiles
  slowly(name, 'vdb', second)
  const id = await keep(its)
  await isAt(id, 'copying vdb')
  const row = await fleet.db.operation.findUniqueOrThrow({ where: { id } })
  await fleet.db.$transaction((tx) => requestCancel(tx, row, { kind: 'user', id: 'tester', name: 'Tester' }))
  const end = await fleet.ended(id)
  expect(end).toMatchObject({ state: 'cancelled', error: null })
  expect(end.undone).toContain('stopped copying; vda shares nothing any more and stays so')
  expect(await stateOf(name)).toBe('running (booted)')
  const files = await its.files()
  expect(files).toEqual([expect.not.stringContaining(oldFiles[0] ?? ''), second])
  expect(await its.files('--inactive')).toEqual(files)
  expect(await its.volumes()).toEqual(files.map((file) => basename(file)).sort())
  expect(await its.job('vdb')).not.toMatch(/\d/)
  for (const flags of [[], ['--inactive']]) {
    expect((await lab.virsh('dumpxml', ...flags, name)).match(/protocol='nbd'/g)).toHaveLength(1)
  }
  expect((await its.row()).standsOnId).not.toBeNull()

  engine.hooks = {}
  expect(await fleet.ended(await keep(its))).toMatchObject({ error: null, result: { copiedDisks: ['vdb'] } })
  await expectOnItsOwn(fleet, its, oldFiles)
  expect((await its.files())[0]).toBe(files[0])
  expect((await its.row()).standsOnId).toBeNull()
})

test('what is cleaned up later is nothing that a snapshot has come to stand on since', async () => {
  const name = 'kept-late'
  const its = await cloneOf(name)
  const broken = new Error('made to fail')
  // The VM has gone over to its copy, and then the worker reaches nothing any more.
  engine.hooks = {
    aroundStep: ({ step, turn }, run) => {
      if (step !== 'copy') return run()
      return turn === 'undo' ? Promise.reject(broken) : run().then(() => Promise.reject(broken))
    },
  }
  const id = await keep(its)
  expect((await fleet.ended(id)).error).toMatchObject({
    left: expect.arrayContaining([expect.stringMatching(/^copy/)]),
  })
  engine.hooks = {}
  const [own = ''] = await its.files()
  expect(own).not.toBe(its.diskPath)
  await lab.virsh('snapshot-create-as', name, 'then', '--disk-only', '--no-metadata')
  const [overlay = ''] = await its.files()
  expect(overlay).not.toBe(own)

  const undone = await fleet.ended(await askCleanUp(fleet, its.on.target, fleet.host('a'), id))
  expect(undone.error).toBeNull()
  expect(await lab.run('ls', own)).toContain(own)
  await lab.virsh('destroy', name)
  await lab.virsh('start', name)
  expect(await its.files()).toEqual([overlay])
  await lab.virsh('blockcommit', name, 'vda', '--active', '--pivot', '--wait')
  await lab.run('rm', overlay)
})

test('one that is switched off or crashes meanwhile says so, leaves nothing, and can be kept later', async () => {
  const name = 'kept-off'
  const its = await cloneOf(name)
  slowly(name, 'vda', its.diskPath)
  const ways = [
    { how: 'was switched off', end: () => lab.virsh('destroy', name) },
    { how: 'crashed', end: () => lab.run('bash', '-c', `kill -SEGV $(cat /run/libvirt/qemu/${name}.pid)`) },
  ]
  for (const way of ways) {
    const id = await keep(its)
    await isAt(id, 'copying vda')
    await way.end()
    const end = await fleet.ended(id)
    expect(end).toMatchObject({
      state: 'failed',
      error: { message: `${name} ${way.how} meanwhile.`, wayOut: expect.stringMatching(/^Start it, then try again/) },
    })
    expect(end.error).not.toHaveProperty('left')
    expect(await its.volumes()).toEqual([`${name}.qcow2`])
    await lab.virsh('start', name)
  }

  // What somebody else began is theirs to end.
  engine.hooks = {}
  const theirs = join(dirname(its.diskPath), `${name}-theirs.qcow2`)
  await lab.virsh('blockcopy', name, 'vda', theirs, '--format', 'qcow2', '--transient-job', '--bandwidth', '1')
  const refused = await fleet.ended(await keep(its))
  expect(refused.error).toMatchObject({ code: 'conflict', message: `Something else works on the disk vda of ${name}.` })
  expect(await its.job()).toMatch(/\d/)
  await lab.virsh('blockjob', name, 'vda', '--abort')
  await lab.run('rm', theirs)

  expect((await fleet.ended(await keep(its))).error).toBeNull()
  await expectOnItsOwn(fleet, its, [its.diskPath])
})

test('a copy whose reads fail is begun anew until they do not', async () => {
  const name = 'kept-unread'
  const its = await cloneOf(name)
  before('copy', () => its.stopServing())
  const id = await keep(its)
  await isAt(id, 'copying vda anew')
  await its.serveAgain()
  expect((await fleet.ended(id)).error).toBeNull()
  expect(await stateOf(name)).toMatch(/^running/)
  await expectOnItsOwn(fleet, its, [its.diskPath])
})

test('a pool that becomes full ends it at once, and has its room back', async () => {
  const name = 'kept-full'
  const its = await cloneOf(name)
  const folder = dirname(its.diskPath)
  before('make disks', () => lab.run('mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder))
  const end = await fleet.ended(await keep(its))
  const left = await lab.run('ls', folder)
  await lab.run('umount', folder)
  await lab.virsh('pool-refresh', 'default')
  expect(end.error).toMatchObject({ code: 'conflict', message: 'default on a has become full.' })
  expect(end.error).not.toHaveProperty('left')
  expect(left.trim()).toBe('')
  expect(await its.files()).toEqual([its.diskPath])
  expect(await its.volumes()).toEqual([`${name}.qcow2`])
  expect(await its.job()).not.toMatch(/\d/)
  expect(await stateOf(name)).toBe('running (booted)')

  engine.hooks = {}
  expect((await fleet.ended(await keep(its))).error).toBeNull()
  await expectOnItsOwn(fleet, its, [its.diskPath])
})

test('without room for what the clone wrote itself nothing is begun', async () => {
  const name = 'kept-tight'
  const its = await cloneOf(name)
  const folder = dirname(its.diskPath)
  const [copy, tight] = [`/tmp/${name}.qcow2`, `mount -t tmpfs -o size=17m tmpfs ${folder}`]
  before('look', () => lab.run('bash', '-c', `cp ${its.diskPath} ${copy} && ${tight} && mv ${copy} ${its.diskPath}`))
  const end = await fleet.ended(await keep(its))
  const left = await lab.run('ls', folder)
  await lab.run('umount', folder)
  await lab.virsh('pool-refresh', 'default')
  expect(end.error).toMatchObject({
    ...{ code: 'conflict', message: expect.stringMatching(/^Not enough space in default on a: 1\d(\.\d)? MiB needed/) },
  })
  expect(end.error).not.toHaveProperty('left')
  expect(left.trim()).toBe(`${name}.qcow2`)
  expect(await stateOf(name)).toBe('running (booted)')
})
