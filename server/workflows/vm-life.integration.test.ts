import { expect, test } from 'vitest'
import { defineXml, runInside, waitForAgent } from '#lab/guest/guest.ts'
import { definitionVersion } from '#server/core/definition-version.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeVmRow } from '#server/testing/fleet-rows.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askClone, askCreate, mib } from '#server/testing/new-vm.ts'
import { makeOverlay } from '#server/testing/overlay.ts'
import { pause } from './pause.ts'

/** One VM from its making to its end, each step judged by the host. */
const { fleet, a } = fleetForTests('life', ['a'])

const judge = () => judgeOf(a, 'app')
const ask = async (
  kind: 'power-vm' | 'edit-vm' | 'edit-vm-xml' | 'delete-vm' | 'measure-vm',
  id: string,
  input: object,
) => {
  const vm = await fleet.db.vm.findUniqueOrThrow({ where: { id } })
  const target = { kind: 'vm' as const, id, name: vm.name }
  return fleet.ended(await fleet.ask({ kind, target, tenantId: null, hostId: a.id, input: { ...input } }))
}
const agentRun = (name: string, path: string, ...args: string[]) => runInside(a.lab, name, path, ...args)

let id = ''
test('created from a template, it boots and does what cloud-init was told', async () => {
  const userData = '#cloud-config\nhostname: app-host\nruncmd:\n  - echo done > /run/from-cloud-init\n'
  const operation = await askCreate(fleet, 'app', {
    userData,
    notes: 'An <app> & more',
    disks: [{ sizeBytes: 80 * mib }, { sizeBytes: 16 * mib }],
  })
  id = operation.targetId
  const reserved = await fleet.db.vm.findUniqueOrThrow({ where: { id } })
  expect(reserved).toMatchObject({ state: 'creating', hostId: a.id, diskBytes: BigInt(96 * mib) })
  const end = await fleet.ended(operation.id)
  expect(end.error).toBeNull()
  expect(await judge().running()).toEqual(['app'])
  expect(await judge().xml('app')).toContain('An &lt;app&gt; &amp; more')
  await waitForAgent(a.lab, 'app')
  expect((await agentRun('app', '/bin/hostname')).trim()).toBe('app-host')
  for (let i = 0; i < 20 && !(await agentRun('app', '/bin/ls', '/run')).includes('from-cloud-init'); i++)
    await pause(500)
  expect((await agentRun('app', '/bin/cat', '/run/from-cloud-init')).trim()).toBe('done')
  expect(await agentRun('app', '/bin/cat', '/sys/block/vda/size', '/sys/block/vdb/size')).toBe(
    `${(80 * mib) / 512}\n${(16 * mib) / 512}\n`,
  )
})

test('the rate at which it changes memory is measured while it runs', async () => {
  const end = await ask('measure-vm', id, { measureMs: 1_000 })
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ bytesPerSecond: expect.any(Number), measuredMs: 1_000 })
})

test('edited while it runs: a disk and a card at once, more vCPUs from the next start', async () => {
  const end = await ask('edit-vm', id, {
    addDisks: [{ sizeBytes: 32 * mib }],
    resizeDisks: [{ target: 'vdb', sizeBytes: 24 * mib }],
    addInterfaces: [{ network: 'fleet' }],
    vcpuCount: 2,
    autostart: true,
    notes: 'changed',
  })
  expect(end.error).toBeNull()
  const { changes } = end.result as { changes: { what: string; live: boolean }[] }
  expect(Object.fromEntries(changes.map((change) => [change.what, change.live]))).toMatchObject({
    'write its notes': true,
    'start it with its host': true,
    'give it 2 vCPUs': false,
    'add the disk vdc': true,
    'resize the disk vdb': true,
    'add a network card in fleet': true,
  })
  const live = await judge().xml('app')
  const next = await judge().xml('app', '--inactive')
  for (const xml of [live, next]) {
    expect(xml).toContain("<target dev='vdc'")
    expect(xml.match(/<interface /g)).toHaveLength(2)
  }
  expect(live).toMatch(/<vcpu placement='static'>1<\/vcpu>/)
  expect(next).toMatch(/<vcpu placement='static'>2<\/vcpu>/)
  expect(await a.lab.virsh('domblkinfo', 'app', 'vdb')).toMatch(new RegExp(`Capacity: +${24 * mib}`))
  expect(await a.lab.virsh('dominfo', 'app')).toMatch(/Autostart: +enable/)
  expect((await agentRun('app', '/bin/cat', '/sys/block/vdb/size')).trim()).toBe(`${(24 * mib) / 512}`)
})

test.each(['--config', '--live'])('a disk that went %s alone is removed with its file', async (where) => {
  const before = await judge().files()
  expect((await ask('edit-vm', id, { addDisks: [{ sizeBytes: 4 * mib }] })).error).toBeNull()
  await a.lab.virsh('detach-disk', 'app', 'vdd', where)
  const has = async () =>
    Promise.all(
      [[], ['--inactive']].map(async (how) => (await judge().xml('app', ...how)).includes("<target dev='vdd'")),
    )
  await expect.poll(has).toEqual(where === '--config' ? [true, false] : [false, true])
  const end = await ask('edit-vm', id, { removeDisks: ['vdd'] })
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ changes: [{ what: 'remove the disk vdd', live: true }] })
  expect(await has()).toEqual([false, false])
  expect(await judge().files()).toEqual(before)
})

test('a definition by hand while it runs: what waits for the next start stays, and so does a password that is shown to nobody', async () => {
  await defineWithPassword('app')
  const live = await judge().xml('app')
  await writeRow()
  const shown = (await fleet.db.vm.findUniqueOrThrow({ where: { id } })).nextXml ?? ''
  expect(shown).not.toContain('seldom8')
  const title = (text: string) => shown.replace('</name>', `</name><title>${text}</title>`)
  const [xml, basedOn] = [title('By hand'), definitionVersion(shown)]
  expect((await ask('edit-vm-xml', id, { xml, basedOn })).error).toBeNull()
  const next = await judge().xml('app', '--inactive', '--security-info')
  expect(next).toContain('<title>By hand</title>')
  expect(next).toContain("passwd='seldom8'")
  expect(next).toMatch(/<vcpu placement='static'>2<\/vcpu>/)
  expect(await judge().xml('app')).toBe(live)

  const late = await ask('edit-vm-xml', id, { xml: title('Too late'), basedOn })
  expect(late.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(/by somebody else meanwhile/) })
  expect(await judge().xml('app', '--inactive', '--security-info')).toBe(next)
  // Whoever opens it again finds the newer one.
  expect((await fleet.db.vm.findUniqueOrThrow({ where: { id } })).nextXml).toContain('<title>By hand</title>')
})

test('what a definition by hand adds counts against the quota of its tenant', async () => {
  const tenantId = 'life'
  await fleet.db.tenant.create({ data: { id: tenantId, name: 'Life', slug: tenantId, quotaVcpus: 3 } })
  await fleet.db.vm.update({ where: { id }, data: { tenantId } })
  const before = await judge().xml('app', '--inactive')
  const withVcpus = async (count: number) => {
    const xml = before.replace(/(<vcpu [^>]*>)\d+/, `$1${count}`)
    const target = { kind: 'vm' as const, id, name: 'app' }
    return fleet.ended(await fleet.ask({ kind: 'edit-vm-xml', target, tenantId, hostId: a.id, input: { xml } }))
  }
  const refused = await withVcpus(5)
  expect(refused.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(/quota of 3 vCPUs/) })
  expect(await judge().xml('app', '--inactive')).toBe(before)
  const granted = await withVcpus(3)
  expect(granted.error).toBeNull()
  expect(granted.reservedVcpus).toBe(1)
  await fleet.db.vm.update({ where: { id }, data: { tenantId: null } })
})

const withVolume = (xml: string) => {
  const source = "<source pool='default' volume='extra.qcow2'/><target dev='vdd' bus='virtio'/>"
  const disk = `<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>${source}</disk>`
  return xml.replace('</devices>', `${disk}</devices>`)
}

test('a disk that it adds counts by its size, also when it is named by its pool', async () => {
  const tenantId = 'life'
  await a.lab.virsh('vol-create-as', 'default', 'extra.qcow2', '24M', '--format', 'qcow2')
  const { diskBytes } = await fleet.db.vm.update({ where: { id }, data: { tenantId } })
  const quotaDiskBytes = diskBytes + BigInt(16 * mib)
  await fleet.db.tenant.update({ where: { id: tenantId }, data: { quotaVcpus: null, quotaDiskBytes } })
  const before = await judge().xml('app', '--inactive')
  const define = async (xml: string) => {
    const target = { kind: 'vm' as const, id, name: 'app' }
    return fleet.ended(await fleet.ask({ kind: 'edit-vm-xml', target, tenantId, hostId: a.id, input: { xml } }))
  }
  expect((await define(withVolume(before))).error).toMatchObject({
    ...{ code: 'conflict', message: expect.stringMatching(/quota of 16 MiB disk: .* 24 MiB more asked for/) },
  })
  expect(await judge().xml('app', '--inactive')).toBe(before)
  await fleet.db.tenant.update({ where: { id: tenantId }, data: { quotaDiskBytes: diskBytes + BigInt(24 * mib) } })
  const granted = await define(withVolume(before))
  expect([granted.error, granted.reservedDiskBytes]).toEqual([null, BigInt(24 * mib)])
  // The same disk by its path is no other one.
  const path = '/var/lib/libvirt/images/extra.qcow2'
  const byPath = (await judge().xml('app', '--inactive'))
    .replace("<disk type='volume'", "<disk type='file'")
    .replace("<source pool='default' volume='extra.qcow2'/>", `<source file='${path}'/>`)
  const again = await define(byPath)
  expect([again.error, again.reservedDiskBytes]).toEqual([null, 0n])
  expect((await define(before)).error).toBeNull()
  await fleet.db.vm.update({ where: { id }, data: { tenantId: null } })
})

test('off, it is renamed, and a disk goes with its file', async () => {
  expect((await ask('power-vm', id, { action: 'force-off' })).state).toBe('succeeded')
  const before = await judge().files()
  const end = await ask('edit-vm', id, { name: 'app-renamed', removeDisks: ['vdc'] })
  expect(end.error).toBeNull()
  expect(await judge().known()).toEqual(['app-renamed'])
  expect(await judge().xml('app-renamed')).not.toContain('vdc')
  expect((await judge().files()).length).toBe(before.length - 1)
  await fleet.db.vm.update({ where: { id }, data: { name: 'app-renamed', state: 'off' } })
})

test('a definition by hand: libvirt has the last word, and another UUID is refused', async () => {
  const xml = await judge().xml('app-renamed', '--inactive')
  const wrong = await ask('edit-vm-xml', id, { xml: xml.replace('<vcpu', '<vcpus').replace('</vcpu>', '</vcpus>') })
  expect(wrong.error).toMatchObject({ code: 'invalid' })
  const other = await ask('edit-vm-xml', id, { xml: xml.replace(/<uuid>..../, '<uuid>ffff') })
  expect(other.error).toMatchObject({ code: 'invalid', message: expect.stringMatching(/must keep the UUID/) })
  const good = await ask('edit-vm-xml', id, {
    xml: xml.replace('<on_crash>destroy', '<on_crash>restart'),
  })
  expect(good.error).toBeNull()
  const now = await judge().xml('app-renamed', '--inactive')
  expect(now).toContain('<on_crash>restart')
  // Its size is known while it is off, when the hypervisor tells none of it.
  expect((await ask('edit-vm-xml', id, { xml: withVolume(now) })).error).toBeNull()
  await writeRow()
  const disk = await fleet.db.disk.findUniqueOrThrow({ where: { vmId_target: { vmId: id, target: 'vdd' } } })
  expect(disk).toMatchObject({ kind: 'volume', source: 'default/extra.qcow2', capacityBytes: BigInt(24 * mib) })
  expect((await ask('edit-vm-xml', id, { xml: now })).error).toBeNull()
})

test('cloned, both exist, and a name that is taken is refused', async () => {
  await writeRow()
  await expect(askClone(fleet, id, 'app-renamed')).rejects.toThrow(/named app-renamed on that host already/)
  const operation = await askClone(fleet, id, 'app-twin')
  const end = await fleet.ended(operation.id)
  expect(end.error).toBeNull()
  expect((await judge().known()).sort()).toEqual(['app-renamed', 'app-twin'])
  expect((await ask('delete-vm', operation.twinId, {})).error).toBeNull()
  expect(await judge().known()).toEqual(['app-renamed'])
})

test('protected, it is not deleted; then it is, but for a disk that another one stands on', async () => {
  await fleet.db.vm.update({ where: { id }, data: { protected: true } })
  const refused = await ask('delete-vm', id, {})
  expect(refused.error).toMatchObject({ message: expect.stringMatching(/protected/) })
  expect(await judge().known()).toEqual(['app-renamed'])
  await fleet.db.vm.update({ where: { id }, data: { protected: false } })
  const folder = '/var/lib/libvirt/images'
  const second = (await judge().files()).find((file) => file.startsWith('app-vdb')) ?? ''
  await makeOverlay(a, `${folder}/other.qcow2`, { path: `${folder}/${second}`, format: 'qcow2' })
  await a.lab.virsh('pool-refresh', 'default')
  await defineXml(a.lab, withVolume(await judge().xml('app-renamed', '--inactive')))
  const end = await ask('delete-vm', id, {})
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ kept: [second] })
  expect(await judge().known()).toEqual([])
  expect(await judge().files()).toEqual([second])
  expect(await a.lab.virsh('vol-list', 'default')).not.toContain('extra.qcow2')
  expect(await a.lab.virsh('vol-list', 'templates')).toContain('tiny-linux.qcow2')
})

/** As somebody beside Skerry would. */
async function defineWithPassword(name: string): Promise<void> {
  const xml = (await judge().xml(name, '--inactive')).replace('<graphics ', "<graphics passwd='seldom8' ")
  await defineXml(a.lab, xml)
}

/** As the inventory would. */
async function writeRow(): Promise<void> {
  const { uuid } = await fleet.db.vm.findUniqueOrThrow({ where: { id } })
  await writeVmRow(fleet.db, a.id, uuid, { id })
}
