import { expect, test } from 'vitest'
import { defineXml } from '#lab/guest/guest.ts'
import type { FleetGuest, FleetHost } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeVmRow, writeVolumeRows } from '#server/testing/fleet-rows.ts'
import { askMove, filesOf, layersOf, sourceOf } from '#server/testing/moving.ts'
import { makeOverlay } from '#server/testing/overlay.ts'

const { fleet, operator, a, b } = fleetForTests('pooled', ['a', 'b'])

const images = '/var/lib/libvirt/images'
/** Both hosts see it under this path. */
const nas = '/var/lib/libvirt/shared/nas'

const seen = async (guest: FleetGuest): Promise<FleetGuest> => {
  for (const pool of ['default', 'nas']) await a.lab.virsh('pool-refresh', pool)
  await writeVolumeRows(fleet.db, a.id)
  return { ...guest, id: await writeVmRow(fleet.db, a.id, guest.uuid) }
}
const chainOf = async (host: FleetHost, path: string) => (await layersOf(host, path)).map(({ filename }) => filename)
/** What a snapshot has each disk be, as it was then. */
const disksThen = async (host: FleetHost, name: string, snapshot: string) => {
  const definition = await host.lab.virsh('snapshot-dumpxml', name, snapshot)
  const then = definition.slice(definition.indexOf('<domain '), definition.indexOf('</domain>'))
  return [...then.matchAll(/<source ((?:file|pool)=[^/>]*[^>]*?)( index='\d+')?\/?>/g)].map(([, source]) => source)
}
const write = (path: string, pattern: number) => a.lab.run('qemu-io', '-c', `write -q -P ${pattern} 1M 1M`, path)
const attach = (name: string, path: string, target: string) =>
  a.lab.virsh('attach-disk', name, path, target, '--driver', 'qemu', '--subdriver', 'qcow2', '--config')

test('a disk that is named by its pool moves with its template; a snapshot goes on to name what both hosts see', async () => {
  let guest = await fleet.guest('a', { name: 'pooled', memoryMib: 96, isEmpty: true, off: true })
  const template = `${images}/template.qcow2`
  await a.lab.run('mv', guest.diskPath, template)
  await write(template, 7)
  await makeOverlay(a, guest.diskPath, { path: template, format: 'qcow2' })
  // What lies at the other host under the same name is another file.
  await b.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', template, '1M')
  const onNas = `${nas}/pooled-b.qcow2`
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', onNas, '8M')
  await attach('pooled', onNas, 'vdb')
  const third = `${images}/pooled-c.qcow2`
  await makeOverlay(a, third, { path: template, format: 'qcow2' })
  await attach('pooled', third, 'vdc')
  await a.lab.virsh('pool-refresh', 'default')
  const byPath = await a.lab.virsh('dumpxml', 'pooled', '--inactive')
  const byPool = byPath.replace(
    /<disk type='file'([^>]*>\s*<driver[^>]*>\s*)<source file='[^']*\/(pooled(?:-c)?.qcow2)'\/>/g,
    "<disk type='volume'$1<source pool='default' volume='$2'/>",
  )
  await defineXml(a.lab, byPool)
  await a.lab.virsh('start', 'pooled')
  await a.lab.virsh('snapshot-create-as', 'pooled', 'inside')
  guest = await seen(guest)
  const person = await operator()
  const preview = (await person.vm.migratePreview({ id: guest.id })).candidates.find(({ hostId }) => hostId === b.id)
  expect(preview?.disks).toMatchObject([{ mode: 'copied', beneath: [{ path: template }] }, {}, {}])
  const beside = ['--disk-only', '--diskspec', `vda,file=${images}/pooled.s1`, '--diskspec']
  await a.lab.virsh(
    'snapshot-create-as',
    'pooled',
    'beside',
    ...beside,
    `vdb,file=${images}/pooled-b.s1`,
    ...['--diskspec', 'vdc,snapshot=no'],
  )
  expect(await a.lab.virsh('dumpxml', 'pooled')).toContain("<source pool='default' volume='pooled-c.qcow2'")
  guest = await seen(guest)
  // Another pool has a disk on it that libvirt has not heard of yet.
  const byHand = '/var/lib/libvirt/aside/hand.qcow2'
  await a.lab.run('mkdir', '/var/lib/libvirt/aside')
  await a.lab.virsh('pool-create-as', 'aside', 'dir', '--target', '/var/lib/libvirt/aside')
  await makeOverlay(a, byHand, { path: guest.diskPath, format: 'qcow2' })
  const end = await fleet.ended(await askMove(fleet, guest, a, b, { mayStandStill: true }))
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ saved: true, snapshots: 2, copiedDisks: ['vda', 'vdb', 'vdc'] })
  expect(end.result).toMatchObject({ left: ['pooled.qcow2 on a: another volume stands on it'] })
  const [top = '', base = '', copy = '', ...more] = await chainOf(b, await sourceOf(b, 'pooled', 'vda'))
  expect(more).toEqual([])
  expect(copy).toMatch(/template\.for-[0-9a-f]{8}\.[0-9a-f]{12}\.qcow2$/)
  expect(await b.lab.run('qemu-io', '-r', '-U', '-c', 'read -P 7 1M 1M', copy)).not.toMatch(/failed/)
  expect(await b.lab.run('qemu-img', 'compare', '-U', copy, base)).toMatch(/identical/)
  const second = await sourceOf(b, 'pooled', 'vdb')
  expect(await chainOf(b, second)).toEqual([second, onNas])
  const thirdThere = await sourceOf(b, 'pooled', 'vdc')
  expect(await chainOf(b, thirdThere)).toEqual([thirdThere, copy])
  for (const snapshot of ['inside', 'beside']) {
    expect(await disksThen(b, 'pooled', snapshot)).toEqual([
      `file='${base}'`,
      `file='${onNas}'`,
      `file='${thirdThere}'`,
    ])
  }
  expect(top).not.toBe(base)
  expect((await filesOf(a, '')).filter(Boolean)).toEqual(['pooled.qcow2', 'template.qcow2'])
  expect(await chainOf(a, byHand)).toHaveLength(3)
  expect(await a.lab.run('qemu-img', 'info', '-U', onNas)).toMatch(/file format: qcow2/)
  await b.lab.virsh('destroy', 'pooled')
})

test('a snapshot’s memory goes along with the disk that is copied, and where none is, the move is refused', async () => {
  let guest = await fleet.guest('a', { name: 'memo', memoryMib: 96, isEmpty: true, off: true })
  const first = `${nas}/memo.qcow2`
  await a.lab.run('mv', guest.diskPath, first)
  const xml = await a.lab.virsh('dumpxml', 'memo', '--inactive')
  await defineXml(a.lab, xml.replace(guest.diskPath, first))
  await a.lab.virsh('start', 'memo')
  const spec = ['--memspec', `file=${images}/memo.memory,snapshot=external`]
  await a.lab.virsh('snapshot-create-as', 'memo', 'kept', ...spec, '--diskspec', `vda,file=${nas}/memo.s1`)
  guest = await seen(guest)
  const refused = await fleet.ended(await askMove(fleet, guest, a, b, { mayStandStill: true }))
  expect(refused.error).toMatchObject({
    message: expect.stringMatching(/Its snapshots need memo.memory, which only a sees/),
  })
  await a.lab.virsh('destroy', 'memo')
  const second = `${images}/memo-b.qcow2`
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', second, '8M')
  await attach('memo', second, 'vdb')
  guest = await seen(guest)
  const memory = (await a.lab.run('sha256sum', `${images}/memo.memory`)).split(' ')[0] ?? ''
  const end = await fleet.ended(await askMove(fleet, guest, a, b))
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ snapshots: 1, copiedDisks: ['vdb'], left: [] })
  const definition = await b.lab.virsh('snapshot-dumpxml', 'memo', 'kept')
  const [, there = ''] = /<memory snapshot='external' file='([^']+)'/.exec(definition) ?? []
  expect(await b.lab.run('sha256sum', there)).toContain(memory)
  expect(await filesOf(a, 'memo')).toEqual([])
})
