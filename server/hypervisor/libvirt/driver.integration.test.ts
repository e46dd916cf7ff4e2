import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CertificateAuthority } from '#lab/certificate.ts'
import { createGuest, serialText, waitForAgent, waitForBoot, waitForCount } from '#lab/guest/guest.ts'
import { TEMPLATE_VOLUME } from '#lab/guest/image.ts'
import type { Host } from '#lab/host.ts'
import { Lab } from '#lab/lab.ts'
import { seedDisc } from '#server/core/seed-disc.ts'
import { type HypervisorHost, OutcomeUnknown } from '#server/hypervisor/driver.ts'
import type { HostEvent } from '#server/hypervisor/host-event.ts'
import { tlsOf } from '#server/testing/fleet-tls.ts'
import { libvirtDriver } from './driver.ts'
import { diskXml, interfaceXml, macOf } from './xml/device.ts'
import { buildVmXml } from './xml/domain.ts'

const MIB = 2 ** 20
let lab: Lab
let first: Host
let second: Host
let host: HypervisorHost
let other: HypervisorHost
const events: HostEvent[] = []
const uuid = randomUUID()
let diskPath: string

const connected = (of: HypervisorHost) =>
  new Promise<void>((resolve) => of.onConnection(({ state }) => state === 'connected' && resolve()))

beforeAll(async () => {
  lab = await Lab.create({ id: 'driver' })
  first = await lab.addHost({ name: 'first' })
  second = await lab.addHost({ name: 'second' })
  host = libvirtDriver.open({ uri: first.tlsUri, name: 'first', credential: { tls: await tlsOf(first.pki) } })
  other = libvirtDriver.open({ uri: `qemu:///system?socket=${second.socketPath}`, name: 'second' })
  host.onEvent((event) => events.push(event))
  await Promise.all([connected(host), connected(other)])
})

afterAll(async () => {
  await Promise.all([host?.close(), other?.close()])
  await lab?.destroy()
})

async function* once(bytes: Uint8Array) {
  yield bytes
}

test('a VM made from a template with a cloud-init disc boots and takes its name from it', async () => {
  const facts = await host.facts()
  const { path } = await host.copyVolume(
    { pool: 'templates', name: TEMPLATE_VOLUME },
    { pool: 'default', name: 'web.qcow2', format: 'qcow2' },
  )
  diskPath = path
  const seed = seedDisc({
    'meta-data': `instance-id: ${uuid}\nlocal-hostname: seeded\n`,
    'user-data': '#cloud-config\nhostname: seeded\n',
  })
  const { path: seedPath } = await host.createVolume('default', {
    name: 'web-seed.iso',
    format: 'raw',
    capacityBytes: seed.length,
  })
  await host.uploadVolume('default', 'web-seed.iso', once(seed), seed.length)
  expect(Buffer.compare(await readFile(first.outsidePath(seedPath)), seed)).toBe(0)
  const { accelerator } = await host.proveAccelerator()
  const xml = buildVmXml({
    uuid,
    name: 'web',
    notes: 'It <serves> & more',
    vcpuCount: 1,
    maxVcpuCount: 2,
    memoryBytes: 128 * MIB,
    accelerator,
    disks: [{ target: 'vda', bus: 'virtio', device: 'disk', path, format: 'qcow2' }],
    interfaces: [{ mac: macOf(uuid, 0), source: { network: 'fleet' } }],
    seedPath,
    host: facts,
  })
  await host.define(
    xml.replace(
      "<serial type='pty'>",
      "<serial type='pty'><log file='/var/log/libvirt/qemu/web-serial.log' append='on'/>",
    ),
  )
  expect(await first.virsh('desc', 'web')).toContain('It <serves> & more')
  await host.power(uuid, { action: 'start' })
  await waitForBoot(first, 'web')
  await waitForAgent(first, 'web')
  expect(await first.virsh('qemu-agent-command', 'web', '{"execute":"guest-get-host-name"}')).toContain('seeded')
  expect(await host.agentPing(uuid)).toBe(true)
  const { mimeType, bytes } = await host.screenshot(uuid)
  expect([mimeType, Buffer.from(bytes.subarray(1, 4)).toString()]).toEqual(['image/png', 'PNG'])
})

test('running VMs are edited live, and virsh sees it', async () => {
  const { accelerator } = (await host.readVm(uuid)) ?? {}
  expect(await host.setVcpus(uuid, 2)).toEqual({ live: accelerator === 'kvm' })
  expect(await first.virsh('vcpucount', 'web', '--config', '--current')).toContain('2')
  expect(await host.setVcpus(uuid, 3)).toEqual({ live: false })
  expect(await host.setMemory(uuid, 96 * MIB)).toEqual({ live: true })
  await expect.poll(() => first.virsh('dommemstat', 'web'), { timeout: 20_000 }).toContain(`actual ${96 * 1024}`)
  expect(await host.setMemory(uuid, 160 * MIB)).toEqual({ live: false })
  expect(await first.virsh('dumpxml', 'web', '--inactive')).toContain(`>${160 * 1024}</memory>`)
  expect(await first.virsh('vcpucount', 'web', '--config', '--maximum')).toContain('3')
  const listed = async (withNext: boolean) => (await host.listVms({ withNext })).find((vm) => vm.uuid === uuid)
  const next = await first.virsh('dumpxml', 'web', '--inactive')
  for (const vm of [await host.readVm(uuid, { withNext: true }), await listed(true)]) {
    expect(vm?.nextXml?.trim()).toBe(next.trim())
    expect(vm?.xml).not.toBe(vm?.nextXml)
  }
  // Nobody else pays for it.
  expect([(await host.readVm(uuid))?.nextXml, (await listed(false))?.nextXml]).toEqual([undefined, undefined])
  const found: [string, string][] = []
  await host.readNextXmls([uuid, crypto.randomUUID()], (some) => found.push(...some))
  expect(found.map(([of, xml]) => [of, xml.trim()])).toEqual([[uuid, next.trim()]])
  const { path } = await host.createVolume('default', { name: 'more.qcow2', format: 'qcow2', capacityBytes: 8 * MIB })
  const disk = diskXml({ target: 'vdb', bus: 'virtio', device: 'disk', path, format: 'qcow2' }).text
  expect(await host.attachDevice(uuid, disk)).toEqual({ live: true })
  expect(await first.virsh('domblklist', 'web')).toContain('more.qcow2')
  expect(await host.resizeDisk(uuid, 'vdb', 16 * MIB)).toEqual({ live: true })
  expect(await first.virsh('domblkinfo', 'web', 'vdb')).toMatch(new RegExp(`Capacity: +${16 * MIB}`))
  expect((await host.readVm(uuid))?.disks.find((each) => each.target === 'vdb')).toMatchObject({
    source: path,
    capacityBytes: 16 * MIB,
  })
  expect(await host.detachDevice(uuid, disk)).toEqual({ live: true })
  expect(await first.virsh('domblklist', 'web')).not.toContain('more.qcow2')
  const card = interfaceXml({ mac: macOf(uuid, 1), source: { network: 'fleet' } }).text
  await host.attachDevice(uuid, card)
  expect(await first.virsh('domiflist', 'web')).toContain(macOf(uuid, 1))
  await host.detachDevice(uuid, card)
  expect(await first.virsh('domiflist', 'web')).not.toContain(macOf(uuid, 1))
  await host.deleteVolume('default', 'more.qcow2')
  await host.deleteVolume('default', 'more.qcow2')
  await expect(first.virsh('vol-info', path)).rejects.toThrow(/Storage volume not found/)
})

test('a live migration copies the disk over TLS, is told as it goes, and its cancel leaves the VM', async () => {
  const before = await waitForCount(first, 'web')
  const volume = await host.findVolume(diskPath)
  await other.createVolume('default', { name: 'web.qcow2', format: 'qcow2', capacityBytes: volume?.capacityBytes ?? 0 })
  const plan = {
    destinationUri: second.tlsUri,
    copyDisks: ['vda'],
    tls: true,
    live: true,
    postCopy: true,
    autoConverge: true,
    synchronousWrites: false,
  } as const
  const slow = host.migrate(uuid, { ...plan, bandwidthBytesPerSecond: MIB, maxDowntimeMs: 200 })
  const refused = slow.catch((error: unknown) => error)
  await expect.poll(async () => (await host.readJob(uuid)).totalBytes, { timeout: 15_000 }).toBeGreaterThan(0)
  const reading = await host.readJob(uuid)
  expect(reading).toMatchObject({ kind: 'migration-out', state: 'running', postCopy: false })
  const there = (await other.listVms()).find((vm) => vm.uuid === uuid)
  expect(there?.incoming).toBe(true)
  await host.abortJob(uuid)
  expect(await refused).toMatchObject({ code: 'conflict' })
  expect((await first.virsh('domstate', 'web')).trim()).toBe('running')
  expect(await second.virsh('list', '--all', '--name')).not.toContain('web')
  events.length = 0
  await host.migrate(uuid, plan)
  expect((await second.virsh('domstate', 'web')).trim()).toBe('running')
  expect(await first.virsh('list', '--all', '--name')).not.toContain('web')
  expect(await second.virsh('domblklist', 'web')).toMatch(/sda +-/)
  const after = await waitForCount(second, 'web', before.n)
  expect(after.bootId).toBe(before.bootId)
  expect(await other.readCompletedJob(uuid)).toMatchObject({ state: 'completed' })
  await expect
    .poll(() => events.map((event) => (event.kind === 'vm-changed' ? event.change : event.kind)))
    .toContain('migrated-away')
  expect(events.some((event) => event.kind === 'migration-iteration')).toBe(true)
  expect(await serialText(second, 'web')).toContain('CNT')
})

test('a volume is found by its path and by its pool, and in a pool that is not active it is not', async () => {
  await first.run('mkdir', '-p', '/var/lib/libvirt/aside')
  await first.virsh('pool-define-as', 'aside', 'dir', '--target', '/var/lib/libvirt/aside')
  await first.virsh('pool-start', 'aside')
  const { path } = await host.createVolume('aside', { name: 'far.qcow2', format: 'qcow2', capacityBytes: 8 * MIB })
  const found = { pool: 'aside', name: 'far.qcow2', path, format: 'qcow2', capacityBytes: 8 * MIB }
  const both = () => Promise.all([path, { pool: 'aside', name: 'far.qcow2' }].map((at) => host.findVolume(at)))
  expect(await both()).toMatchObject([found, found])
  expect(await host.findVolume({ pool: 'aside', name: 'none' })).toBeNull()
  expect(await host.findVolume({ pool: 'nowhere', name: 'far.qcow2' })).toBeNull()
  await first.virsh('pool-destroy', 'aside')
  expect(await both()).toEqual([null, null])
})

test('a disk whose pool can’t tell its size costs nothing of the list of VMs but that size', async () => {
  await first.virsh('pool-start', 'aside')
  const { path } = await host.createVolume('aside', { name: 'odd.qcow2', format: 'qcow2', capacityBytes: 8 * MIB })
  const odd = await createGuest(first, { name: 'odd', isEmpty: true })
  const disk = "<disk type='volume' device='disk'><source pool='aside' volume='odd.qcow2'/><target dev='vdb'/></disk>"
  await host.attachDevice(odd.uuid, disk)
  const seen = async () => [(await host.listVms()).find((vm) => vm.uuid === odd.uuid), await host.readVm(odd.uuid)]
  const sizes = async () => (await seen()).map((vm) => vm?.disks.map(({ capacityBytes }) => capacityBytes / MIB))
  const systemMib = (await sizes())[0]?.[0]
  expect(await sizes()).toEqual(Array(2).fill([systemMib, 8]))
  // What lies there now is nothing that the pool could open.
  await first.run('sh', '-c', `rm ${path} && ln -s ${path} ${path}`)
  await expect(host.findVolume({ pool: 'aside', name: 'odd.qcow2' })).rejects.toMatchObject({ code: 'unavailable' })
  expect(await sizes()).toEqual(Array(2).fill([systemMib, 0]))
  await host.undefine(odd.uuid)
  await first.run('rm', path)
  await first.virsh('pool-destroy', 'aside')
})

test('a volume comes down as it lies there', async () => {
  await other.power(uuid, { action: 'force-off' })
  const chunks: Uint8Array[] = []
  for await (const chunk of other.downloadVolume('default', 'web.qcow2')) chunks.push(chunk)
  expect(Buffer.compare(Buffer.concat(chunks), await readFile(second.outsidePath(diskPath)))).toBe(0)
})

test('a VM that is off moves as a definition alone', async () => {
  await other.migrate(uuid, {
    destinationUri: first.tlsUri,
    copyDisks: [],
    tls: true,
    live: true,
    postCopy: false,
    autoConverge: false,
    synchronousWrites: false,
  })
  expect((await first.virsh('domstate', 'web')).trim()).toBe('shut off')
  expect(await second.virsh('list', '--all', '--name')).not.toContain('web')
  await host.undefine(uuid)
  await host.undefine(uuid)
  expect(await first.virsh('list', '--all', '--name')).not.toContain('web')
})

test('what libvirt refuses is said in words, with the host, the step and a way out', async () => {
  await expect(host.power(uuid, { action: 'start' })).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/start a VM on first/),
  })
  await expect(host.define('<domain/>')).rejects.toMatchObject({
    ...{ code: 'invalid', wayOut: expect.any(String), detail: expect.any(String) },
    message: 'Could not define a VM on first: the hypervisor does not take what was asked for.',
  })
  await expect(host.deleteVolume('nowhere', 'x')).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/nowhere/),
  })
  await expect(
    host.createVolume('default', { name: 'web.qcow2', format: 'qcow2', capacityBytes: MIB }),
  ).rejects.toMatchObject({ code: 'conflict' })
  expect(await host.findVolume('/nowhere')).toBeNull()
})

test('each way in which a host can not be reached is told apart, without its address', async () => {
  const good = await tlsOf(first.pki)
  const told = (uri: string, credential?: { tls: typeof good }, timeoutMs?: number) =>
    libvirtDriver.test(credential ? { uri, credential } : { uri }, timeoutMs ? { timeoutMs } : {}).then(
      () => 'connected',
      (error: Error & { wayOut?: string; detail?: string }) => {
        expect(error.message).not.toMatch(/\/|\d+\.\d+|nowhere/)
        return `${error.message} → ${error.wayOut}`
      },
    )
  const address = new URL(first.tlsUri.replace('qemu+tls', 'https')).hostname
  const authority = await CertificateAuthority.open(join(lab.dir, 'stranger'))
  const stranger = await tlsOf(await authority.client('stranger'))
  expect(await told('lxc:///system')).toMatch(/only QEMU/)
  expect(await told('nonsense')).toMatch(/no address/)
  expect(await told(first.tlsUri)).toMatch(/needs a certificate/)
  expect(await told('qemu:///system?socket=/nowhere')).toMatch(/no socket there/)
  expect(await told('qemu+tls://nowhere.invalid/system', { tls: good })).toMatch(/name/)
  expect(await told(`qemu+tls://${address}:1/system`, { tls: good })).toMatch(/nothing listens there/)
  expect(await told(`${first.tlsUri}?server-name=else.where`, { tls: good })).toMatch(/certificate is for another name/)
  expect(await told(first.tlsUri, { tls: stranger })).toMatch(/not signed by the authority given/)
  expect(await told(first.tlsUri, { tls: { ...stranger, authority: good.authority } })).toMatch(
    /refuses our certificate/,
  )
  expect(await told('qemu+ssh://nobody@127.0.0.1:1/system')).toMatch(/ssh|reached|refused/i)
  await first.freezeDaemon()
  expect(await told(`qemu:///system?socket=${first.socketPath}`, undefined, 2000)).toMatch(/does not answer/)
  await first.thawDaemon()
  expect(await told(first.tlsUri, { tls: good })).toBe('connected')
})

test('a change that was sent and not answered has an unknown outcome, a question has none', async () => {
  await connected(host)
  await first.freezeDaemon()
  const [change, question] = await Promise.all([
    host.setAutostart(uuid, true, { timeoutMs: 1000 }).catch((error: unknown) => error),
    host.readVm(uuid, { timeoutMs: 1000 }).catch((error: unknown) => error),
  ])
  await first.thawDaemon()
  expect(change).toBeInstanceOf(OutcomeUnknown)
  expect(question).toMatchObject({ code: 'unavailable' })
})
