import { expect, test } from 'vitest'
import { type Count, serialCounts, waitForCount, wentBack } from '#lab/guest/guest.ts'
import { requestCancel } from '#server/core/operation.ts'
import type { FleetGuest, FleetHost } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeVmRow, writeVolumeRows } from '#server/testing/fleet-rows.ts'
import { inTheMiddle } from '#server/testing/mid-copy.ts'
import { askMove, filesOf, layersOf, linesOf, snapshotsOf, sourceOf } from '#server/testing/moving.ts'
import { makeOverlay } from '#server/testing/overlay.ts'

const { fleet, setHooks, operator, a, b } = fleetForTests('chain', ['a', 'b'])

const images = '/var/lib/libvirt/images'
/** Both hosts see it under this path. */
const kept = '/var/lib/libvirt/shared/nas'

const move = (guest: FleetGuest, from: FleetHost, to: FleetHost, more: object = {}) =>
  askMove(fleet, guest, from, to, { mayStandStill: true, ...more })
const state = async (host: FleetHost, name: string) => (await host.lab.virsh('domstate', name)).trim()
/** What the inventory sees before long */
const seen = async (guest: FleetGuest, host: FleetHost): Promise<FleetGuest> => {
  await host.lab.virsh('pool-refresh', 'default')
  await writeVolumeRows(fleet.db, host.id)
  return { ...guest, id: await writeVmRow(fleet.db, host.id, guest.uuid) }
}
const allFiles = async (host: FleetHost) => (await filesOf(host, '')).filter(Boolean).toSorted()

/** What a disk stands on by its files' own word, nearest first; each that nobody writes to is also found to be whole. */
async function chainOf(host: FleetHost, path: string): Promise<string[]> {
  const layers = await layersOf(host, path)
  const used = (await linesOf(host, 'list', '--name')).map((name) => sourceOf(host, name))
  const written = await Promise.all(used)
  for (const { filename, format } of layers) {
    if (format === 'qcow2' && !written.includes(filename)) await host.lab.run('qemu-img', 'check', '-q', '-U', filename)
  }
  return layers.map(({ filename }) => filename)
}

/** Keeps what a file holds, or held when a snapshot was taken inside it, for a comparison at the other host. */
async function keep(host: FleetHost, path: string, as: string, snapshot?: string): Promise<void> {
  const of = snapshot ? ['-l', `snapshot.name=${snapshot}`] : []
  await host.lab.run('qemu-img', 'convert', '-U', ...of, '-O', 'raw', path, `${kept}/${as}.raw`)
}
async function expectKept(host: FleetHost, path: string, as: string, snapshot?: string): Promise<void> {
  let now = path
  if (snapshot) {
    now = `${kept}/${as}-now.raw`
    await host.lab.run('qemu-img', 'convert', '-U', '-l', `snapshot.name=${snapshot}`, '-O', 'raw', path, now)
  }
  expect(await host.lab.run('qemu-img', 'compare', '-U', now, `${kept}/${as}.raw`)).toMatch(/identical/)
}

/** A guest whose disk stands on a template, which another file stands on too. */
async function onTemplate(name: string, isEmpty: boolean): Promise<FleetGuest> {
  const guest = await fleet.guest('a', { name, memoryMib: 96, isEmpty, off: true })
  const template = `${images}/template-${name}.qcow2`
  await a.lab.run('mv', guest.diskPath, template)
  await makeOverlay(a, guest.diskPath, { path: template, format: 'qcow2' })
  await makeOverlay(a, `${images}/other-${name}.qcow2`, { path: template, format: 'qcow2' })
  return seen(guest, a)
}

/** Every number once, in one boot, wherever it was counted. */
function expectUnbroken(counts: readonly Count[]): void {
  expect(counts.map(({ n }) => n)).toEqual(counts.map((_, index) => index + (counts[0]?.n ?? 0)))
  expect(new Set(counts.map(({ bootId }) => bootId)).size).toBe(1)
}

let rooted: FleetGuest
test('a running VM with a snapshot inside a disk on a template moves with it, and goes back to it there', async () => {
  rooted = await onTemplate('rooted', false)
  await a.lab.virsh('start', 'rooted')
  await waitForCount(a.lab, 'rooted', 2)
  await a.lab.virsh('snapshot-create-as', 'rooted', 'warm')
  await a.lab.virsh('checkpoint-create-as', 'rooted', 'skerry-marks')
  rooted = await seen(rooted, a)
  const template = `${images}/template-rooted.qcow2`
  await keep(a, template, 'template')
  await keep(a, rooted.diskPath, 'warm', 'warm')
  const person = await operator()
  const preview = (await person.vm.migratePreview({ id: rooted.id })).candidates.find(({ hostId }) => hostId === b.id)
  expect(preview).toMatchObject({ eligible: true, way: 'saved', disks: [{ beneath: [{ path: template }] }] })
  expect(preview?.warnings).toEqual([
    expect.stringMatching(
      /^vda stands on template-rooted.qcow2 \([\d.]+ MiB\), which comes along as a copy of its own/,
    ),
  ])
  const end = await fleet.ended(await move(rooted, a, b), 90_000)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ live: false, saved: true, snapshots: 1, copiedDisks: ['vda'], left: [] })
  await waitForCount(b.lab, 'rooted')
  expectUnbroken([...(await serialCounts(a.lab, 'rooted')), ...(await serialCounts(b.lab, 'rooted'))])
  const [top = '', base = '', ...more] = await chainOf(b, await sourceOf(b, 'rooted'))
  expect(more).toEqual([])
  expect(base).toMatch(/template-rooted\.for-[0-9a-f]{8}\.[0-9a-f]{12}\.qcow2$/)
  expect(await allFiles(b)).toEqual([top, base].map((path) => path.split('/').at(-1)).toSorted())
  await expectKept(b, base, 'template')
  await expectKept(b, top, 'warm', 'warm')
  // Its template stays for the others that stand on it, and nothing else.
  expect(await allFiles(a)).toEqual(['other-rooted.qcow2', 'template-rooted.qcow2'])
  expect(await chainOf(a, `${images}/other-rooted.qcow2`)).toHaveLength(2)
  const disk = await fleet.db.disk.findFirstOrThrow({ where: { vmId: rooted.id, target: 'vda' } })
  expect(disk).toMatchObject({ source: top, backingPath: base })
  expect(await linesOf(b, 'checkpoint-list', 'rooted', '--name')).toEqual(['skerry-marks'])
  await b.lab.virsh('checkpoint-delete', 'rooted', 'skerry-marks')
  await b.lab.virsh('snapshot-revert', 'rooted', 'warm')
  await expect.poll(async () => wentBack(await serialCounts(b.lab, 'rooted')), { timeout: 60_000 }).toBe(true)
})

test('with a snapshot in a file of its own it moves on, and leaves nothing: the copy of the template was its alone', async () => {
  const before = (await serialCounts(b.lab, 'rooted')).length
  const counted = (await serialCounts(a.lab, 'rooted')).length
  // libvirt 9 deletes none in files of their own that were taken after one inside.
  await b.lab.virsh('snapshot-delete', 'rooted', 'warm')
  await b.lab.virsh('checkpoint-create-as', 'rooted', 'skerry-again')
  await b.lab.virsh('snapshot-create-as', 'rooted', 'later', '--disk-only')
  // As it was when the inventory last looked: the new file is no volume yet.
  const memory = `${images}/rooted.memory`
  const spec = ['--memspec', `file=${memory},snapshot=external`, '--diskspec', 'vda,snapshot=external']
  await b.lab.virsh('snapshot-create-as', 'rooted', 'latest', ...spec)
  rooted = { ...rooted, id: await writeVmRow(fleet.db, b.id, rooted.uuid) }
  const person = await operator()
  const preview = (await person.vm.migratePreview({ id: rooted.id })).candidates.find(({ hostId }) => hostId === a.id)
  expect(preview).toMatchObject({ eligible: true, way: 'saved', reasons: [] })
  const [, latest = '', later = ''] = await chainOf(b, await sourceOf(b, 'rooted'))
  await keep(b, latest, 'latest')
  await keep(b, later, 'later')
  const saved = (await b.lab.run('sha256sum', memory)).split(' ')[0] ?? ''
  const end = await fleet.ended(await move(rooted, b, a), 90_000)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ saved: true, snapshots: 2, left: [] })
  await waitForCount(a.lab, 'rooted', (await serialCounts(b.lab, 'rooted')).at(-1)?.n)
  expectUnbroken([
    ...(await serialCounts(b.lab, 'rooted')).slice(before - 1),
    ...(await serialCounts(a.lab, 'rooted')).slice(counted),
  ])
  const chain = await chainOf(a, await sourceOf(a, 'rooted'))
  expect(chain).toHaveLength(4)
  await expectKept(a, chain[1] ?? '', 'latest')
  await expectKept(a, chain[2] ?? '', 'later')
  await expectKept(a, chain[3] ?? '', 'template')
  expect(await allFiles(b)).toEqual([])
  expect(await snapshotsOf(a, 'rooted')).toEqual(['later', 'latest'])
  const namedBy = async (snapshot: string) => {
    const definition = await a.lab.virsh('snapshot-dumpxml', 'rooted', snapshot)
    return new Set([...definition.matchAll(/file='([^']+images\/rooted[^']+)'/g)].map(([, path]) => path))
  }
  expect(await namedBy('later')).toEqual(new Set(chain.slice(1, 3)))
  const files = await allFiles(a)
  const memoryThere = `${images}/${files.find((file) => file.endsWith('.memory'))}`
  expect(await namedBy('latest')).toEqual(new Set([...chain.slice(0, 2), memoryThere]))
  expect(await a.lab.run('sha256sum', memoryThere)).toContain(saved)
  // QEMU has the marks that the next backup asks for.
  const marks = await a.lab.virsh('checkpoint-dumpxml', 'rooted', 'skerry-again', '--size', '--no-domain')
  expect(marks).toMatch(/<disk name='vda' checkpoint='bitmap' bitmap='skerry-again' size='\d+'/)
  await a.lab.virsh('checkpoint-delete', 'rooted', 'skerry-again')
  // libvirt finds the file in the chain by the name that the snapshot has for it, and takes it out of there.
  await a.lab.virsh('snapshot-delete', 'rooted', 'latest')
  await a.lab.virsh('snapshot-delete', 'rooted', 'later')
  expect(await chainOf(a, await sourceOf(a, 'rooted'))).toEqual(chain.slice(2))
  expect(await state(a, 'rooted')).toBe('running')
  await a.lab.virsh('destroy', 'rooted')
  expect(await chainOf(a, chain[2] ?? '')).toHaveLength(2)
})

test('off: two disks on one raw template move with snapshots inside them and beside them, and the template once', async () => {
  const template = `${images}/plain.raw`
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'raw', template, '64M')
  await a.lab.run('qemu-io', '-f', 'raw', '-c', 'write -q -P 5 3M 1M', template)
  let guest = await fleet.guest('a', { name: 'cold', memoryMib: 96, isEmpty: true, off: true })
  const second = `${images}/cold-b.qcow2`
  for (const path of [guest.diskPath, second]) await makeOverlay(a, path, { path: template, format: 'raw' })
  const attach = (path: string, target: string) =>
    a.lab.virsh('attach-disk', 'cold', path, target, '--driver', 'qemu', '--subdriver', 'qcow2', '--config')
  await attach(second, 'vdb')
  const write = (path: string, pattern: number) => a.lab.run('qemu-io', '-c', `write -q -P ${pattern} 8M 1M`, path)
  await write(guest.diskPath, 1)
  await a.lab.virsh('snapshot-create-as', 'cold', 'inside')
  await write(guest.diskPath, 2)
  await write(second, 3)
  await a.lab.virsh('snapshot-create-as', 'cold', 'beside', '--disk-only')
  const targets = ['vda', 'vdb'] as const
  for (const target of targets) {
    await write(await sourceOf(a, 'cold', target), 4)
    await keep(a, await sourceOf(a, 'cold', target), `now-${target}`)
  }
  await a.lab.virsh('snapshot-create-as', 'cold', 'gone', '--disk-only', '--diskspec', 'vdb,snapshot=no')
  const gone = await sourceOf(a, 'cold')
  await keep(a, guest.diskPath, 'beside-vda')
  await keep(a, second, 'beside-vdb')
  await keep(a, guest.diskPath, 'inside', 'inside')
  // As after going back, which libvirt 9 does not do by itself: the file of the other branch is beneath no disk any more.
  const branch = `${images}/cold.branch`
  await makeOverlay(a, branch, { path: guest.diskPath, format: 'qcow2' })
  await a.lab.virsh('detach-disk', 'cold', 'vda', '--config')
  await attach(branch, 'vda')
  // Both hosts see what the third disk stands on.
  const onNas = `${kept}/plain.qcow2`
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', onNas, '8M')
  const third = `${images}/cold-c.qcow2`
  await makeOverlay(a, third, { path: onNas, format: 'qcow2' })
  await attach(third, 'vdc')
  guest = await seen(guest, a)
  // What nothing leads to any more may be gone, also where its pool does not know that yet.
  await a.lab.run('rm', gone)
  const before = await allFiles(a)
  const end = await fleet.ended(await move(guest, a, b))
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ live: false, saved: false, snapshots: 3, left: [] })
  expect(end.result).toMatchObject({ copiedDisks: ['vda', 'vdb', 'vdc'] })
  const chains = await Promise.all(targets.map(async (target) => chainOf(b, await sourceOf(b, 'cold', target))))
  expect(chains.map(({ length }) => length)).toEqual([3, 3])
  const [[, first = '', base = ''] = [], [top = '', other = '', sameBase = ''] = []] = chains
  expect(sameBase).toBe(base)
  const then = await b.lab.virsh('snapshot-dumpxml', 'cold', 'beside')
  const names = [...new Set([...then.matchAll(/file='([^']+images\/cold[^']+)'/g)].map(([, path]) => path ?? ''))]
  const leftThere = names.find((path) => !chains.flat().includes(path)) ?? ''
  expect(names.toSorted()).toEqual([leftThere, first, top, other].toSorted())
  expect(await chainOf(b, leftThere)).toEqual([leftThere, first, base])
  expect(await chainOf(b, await sourceOf(b, 'cold', 'vdc'))).toEqual([await sourceOf(b, 'cold', 'vdc'), onNas])
  expect(await allFiles(b)).toHaveLength(7)
  expect(await allFiles(a)).toEqual(before.filter((file) => !file.startsWith('cold')))
  await expectKept(b, leftThere, 'now-vda')
  await expectKept(b, first, 'beside-vda')
  await expectKept(b, top, 'now-vdb')
  await expectKept(b, other, 'beside-vdb')
  await expectKept(b, first, 'inside', 'inside')
  expect(await snapshotsOf(b, 'cold')).toEqual(['beside', 'gone', 'inside'])
  await b.lab.virsh('undefine', 'cold', '--snapshots-metadata')
  await b.lab.run('sh', '-c', `rm ${images}/*`)
})

test('whatever ends it in the middle, it goes on where it was, and no file of it is left at the other host', async () => {
  let guest = await onTemplate('frail', true)
  await a.lab.virsh('start', 'frail')
  await a.lab.virsh('snapshot-create-as', 'frail', 'first', '--disk-only')
  guest = await seen(guest, a)
  const stays = async (snapshot: string[]) => {
    expect(await state(a, 'frail')).toBe('running')
    expect(await snapshotsOf(a, 'frail')).toEqual(snapshot)
    expect(await linesOf(b, 'list', '--all', '--name')).not.toContain('frail')
    expect(await allFiles(b)).toEqual([])
    expect((await allFiles(a)).filter((file) => file.endsWith('.save'))).toEqual([])
    expect(await chainOf(a, await sourceOf(a, 'frail'))).toHaveLength(2 + snapshot.length)
  }
  const id = await move(guest, a, b, { bandwidthBytesPerSecond: 2 * 2 ** 20 })
  const row = await inTheMiddle(fleet, id, 'prepare', 2 ** 20)
  expect(await state(a, 'frail')).toBe('running')
  expect(await allFiles(b)).not.toEqual([])
  await fleet.db.$transaction((tx) => requestCancel(tx, row, { kind: 'user', id: 'tester', name: 'Tester' }))
  expect(await fleet.ended(id)).toMatchObject({ state: 'cancelled' })
  await stays(['first'])

  const endsBy = async (reason: RegExp, hooks: Parameters<typeof setHooks>[0]) => {
    setHooks(hooks)
    const end = await fleet.ended(await move(guest, a, b))
    setHooks({})
    expect(end.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(reason) })
    expect(end.error).not.toHaveProperty('left')
  }
  const around = (step: string, before: () => Promise<unknown>, after: () => Promise<unknown>) => ({
    async aroundStep<T>(at: { step: string; turn: string }, run: () => Promise<T>) {
      const isIt = at.step === step && at.turn === 'do'
      if (isIt) await before()
      const result = await run()
      if (isIt) await after()
      return result
    },
  })
  const nothing = async () => undefined
  await endsBy(
    /^default on b has become full/,
    around('prepare', () => b.lab.run('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', images), nothing),
  )
  await stays(['first'])
  await b.lab.run('umount', images)
  await endsBy(
    /^frail.qcow2, which vda stands on, was written to meanwhile/,
    around('prepare', nothing, () => a.lab.run('touch', `${images}/frail.qcow2`)),
  )
  await stays(['first'])
  await endsBy(
    /^vda is frail.second by now/,
    around('prepare', nothing, () => a.lab.virsh('snapshot-create-as', 'frail', 'second', '--disk-only')),
  )
  await stays(['first', 'second'])
  await a.lab.virsh('destroy', 'frail')
  await a.lab.run('mv', `${images}/template-frail.qcow2`, '/var/lib/libvirt/outside.qcow2')
  await a.lab.run(
    'qemu-img',
    'rebase',
    '-u',
    '-F',
    'qcow2',
    '-b',
    '/var/lib/libvirt/outside.qcow2',
    `${images}/frail.qcow2`,
  )
  await endsBy(/outside.qcow2, which vda stands on and which lies in no storage pool/, {})
})
