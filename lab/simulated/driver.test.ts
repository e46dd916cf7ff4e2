import { describe, expect, it } from 'vitest'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { HostEvent } from '#server/hypervisor/host-event.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { atEnd, eventually, startFleet } from './testing/fleet.ts'

const gib = 2 ** 30

async function open(simulated: SimulatedHost): Promise<{ host: HypervisorHost; events: HostEvent[] }> {
  const host = libvirtDriver.open({ uri: simulated.uri, name: simulated.name })
  atEnd(() => host.close())
  const events: HostEvent[] = []
  host.onEvent((event) => events.push(event))
  await eventually(() => host.connection().state === 'connected')
  return { host, events }
}

/** The standing fleet, with the driver on two hosts of one site and one of another. */
async function fleetAndHosts(options: Parameters<typeof startFleet>[0] = {}) {
  const fleet = await startFleet(options)
  const uuidOf = (name: string) => fleet.find(name)?.vm.uuid ?? name
  const [first, second, far] = await Promise.all(
    ['oslo-1', 'oslo-2', 'frankfurt-1'].map((name) => open(fleet.host(name))),
  )
  if (!first || !second || !far) throw new Error('hosts are missing')
  return { fleet, uuidOf, first, second, far }
}

const plan = { copyDisks: [], tls: false, live: true, postCopy: false, autoConverge: false, synchronousWrites: false }

/** What the hypervisor said, which is for operators. */
const said = (text: RegExp) => ({ detail: expect.stringMatching(text) })

describe("Skerry's driver with simulated hosts", () => {
  it('is told that a host is simulated, and what it has', async () => {
    const fleet = await startFleet()
    const facts = await libvirtDriver.test({ uri: fleet.host('oslo-1').uri })
    expect(facts).toMatchObject({
      simulated: true,
      hostname: 'oslo-1',
      cpuCount: 32,
      memoryBytes: 128 * gib,
      kvmOffered: true,
    })
    expect(facts.machineTypes).toContain('q35')
    expect(facts.devices.map(({ kind }) => kind)).toContain('pci')
    const { host } = await open(fleet.host('oslo-1'))
    expect(await host.proveAccelerator()).toMatchObject({ accelerator: 'kvm' })
    const pools = await host.listStoragePools()
    expect(pools.map(({ name }) => name).sort()).toEqual(['default', 'oslo-shared', 'templates'])
    const other = await open(fleet.host('oslo-2'))
    const sharedKey = (list: typeof pools) => list.find(({ name }) => name === 'oslo-shared')?.sharedKey
    expect(sharedKey(await other.host.listStoragePools())).toBe(sharedKey(pools))
    expect(sharedKey(pools)).toBeTruthy()
    expect(await host.listNetworks()).toMatchObject([{ name: 'fleet', mode: 'bridge', active: true }])
  })

  it('has VMs whose counters grow and agree with their load', async () => {
    const { uuidOf, first } = await fleetAndHosts()
    const vms = await first.host.listVms()
    expect(vms.map(({ name }) => name).sort()).toEqual(['desktop-cleo', 'shop-app-1', 'shop-web-1'])
    const vm = vms.find(({ name }) => name === 'shop-web-1')
    expect(vm).toMatchObject({ uuid: uuidOf('shop-web-1'), state: 'running', agentConnected: true, vcpuCount: 2 })
    expect(vm?.disks).toMatchObject([{ target: 'vda', bus: 'virtio' }])
    expect(vm?.disks[0]?.capacityBytes).toBeGreaterThan(gib)
    expect(vm?.graphics).toMatchObject([{ kind: 'vnc', hasPassword: false }])
    const read = async () => (await first.host.readings()).find(({ uuid }) => uuid === vm?.uuid)
    const before = await read()
    await first.host.load()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const after = await read()
    if (!before || !after) throw new Error('no readings')
    const cpuShare = Number(after.cpuTimeNs - before.cpuTimeNs) / 300e6
    expect(cpuShare).toBeGreaterThan(0.02)
    expect(cpuShare).toBeLessThan(2.5)
    expect(after.diskWrittenBytes).toBeGreaterThanOrEqual(before.diskWrittenBytes)
    expect(after.networkReceivedBytes).toBeGreaterThanOrEqual(before.networkReceivedBytes)
    expect(after.memoryUsedBytes).toBeLessThan(after.memoryBytes)
    expect((await first.host.load()).cpuUsage).toBeGreaterThan(0)
    const [addresses] = (await first.host.readAddresses(vm?.uuid ?? '')).values()
    expect(addresses?.[0]).toMatch(/^10\.90\./)
    expect(await first.host.agentPing(vm?.uuid ?? '')).toBe(true)
    const { mimeType, bytes } = await first.host.screenshot(vm?.uuid ?? '')
    expect(mimeType).toBe('image/png')
    expect(Buffer.from(bytes).toString('latin1', 1, 4)).toBe('PNG')
  })

  it('edits a VM as a real host would', async () => {
    const { uuidOf, first, far } = await fleetAndHosts()
    const vm = uuidOf('desktop-cleo')
    expect(await first.host.setVcpus(vm, 4)).toEqual({ live: true })
    expect(await first.host.setVcpus(vm, 8)).toEqual({ live: false })
    expect(await first.host.setMemory(vm, 3 * gib)).toEqual({ live: true })
    expect(await first.host.readVm(vm)).toMatchObject({ vcpuCount: 4, memoryBytes: 3 * gib })
    await first.host.setNameAndNotes(vm, 'desktop-cleo', 'Cleo’s desk <3')
    expect(await first.host.readVm(vm)).toMatchObject({ notes: 'Cleo’s desk <3' })
    await first.host.power(vm, { action: 'force-off' })
    await first.host.setNameAndNotes(vm, 'desk', 'Cleo’s desk <3')
    await first.host.power(vm, { action: 'start' })
    expect(await first.host.readVm(vm)).toMatchObject({ name: 'desk', vcpuCount: 8, state: 'running' })

    const { path } = await first.host.createVolume('default', {
      name: 'more.qcow2',
      format: 'qcow2',
      capacityBytes: gib,
    })
    const disk = `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${path}'/><target dev='vdb' bus='virtio'/></disk>`
    expect(await first.host.attachDevice(vm, disk)).toEqual({ live: true })
    await first.host.resizeDisk(vm, 'vdb', 2 * gib)
    expect(await first.host.findVolume(path)).toMatchObject({
      pool: 'default',
      name: 'more.qcow2',
      capacityBytes: 2 * gib,
    })
    expect((await first.host.readVm(vm))?.disks.map(({ target }) => target)).toEqual(['vda', 'vdb'])
    expect(await first.host.detachDevice(vm, disk)).toEqual({ live: true })
    await first.host.deleteVolume('default', 'more.qcow2')
    expect(await first.host.findVolume(path)).toBeNull()
    const doomed = uuidOf('desktop-bo')
    await far.host.undefine(doomed)
    expect(await far.host.readVm(doomed)).toMatchObject({ state: 'running', persistent: false })
    await far.host.power(doomed, { action: 'force-off' })
    expect(await far.host.readVm(doomed)).toBeNull()
  })

  it('shuts down and starts in the guest’s own time, and tells of it', async () => {
    const { uuidOf, first } = await fleetAndHosts()
    const vm = uuidOf('shop-web-1')
    await first.host.power(vm, { action: 'shutdown', by: 'agent' })
    expect(await first.host.readVm(vm)).toMatchObject({ state: 'running' })
    const changes = () =>
      first.events.flatMap((event) => (event.kind === 'vm-changed' && event.vm === vm ? event.change : []))
    await eventually(() => changes().includes('stopped'))
    expect(await first.host.readVm(vm)).toMatchObject({ state: 'off', stateReason: 'shut down' })
    await first.host.power(vm, { action: 'start' })
    expect(await first.host.agentPing(vm)).toBe(false)
    await eventually(() => changes().includes('agent-connected'))
    expect(await first.host.agentPing(vm)).toBe(true)
    await first.host.power(vm, { action: 'reset' })
    await eventually(() => changes().includes('rebooted'))
  })

  it('moves bytes of volumes both ways', async () => {
    const { first, second } = await fleetAndHosts()
    await second.host.createVolume('default', { name: 'copy.raw', format: 'raw', capacityBytes: 1000 })
    async function* bytes() {
      for (let index = 0; index < 40; index++) yield Buffer.alloc(100_000, index)
    }
    await second.host.uploadVolume('default', 'copy.raw', bytes(), null)
    expect(await second.host.findVolume('/var/lib/libvirt/images/copy.raw')).toMatchObject({ allocationBytes: 4e6 })
    const received = async (total = 0) => {
      for await (const chunk of second.host.downloadVolume('default', 'copy.raw')) total += chunk.length
      return total
    }
    expect(await received()).toBe(4e6)
    const { path } = await first.host.copyVolume(
      { pool: 'templates', name: 'tiny-linux.qcow2' },
      { pool: 'default', name: 'new.qcow2', format: 'qcow2' },
    )
    expect(path).toBe('/var/lib/libvirt/images/new.qcow2')
  })

  it('moves a running VM with its shared disk, with progress, and it goes on counting', {
    timeout: 20_000,
  }, async () => {
    const { fleet, uuidOf, first, second } = await fleetAndHosts()
    const vm = uuidOf('shop-app-1')
    const ranMs = fleet.find(vm)?.vm.ranMs ?? 0
    const moving = first.host.migrate(vm, { ...plan, destinationUri: fleet.host('oslo-2').uri })
    await new Promise((resolve) => setTimeout(resolve, 350))
    const job = await first.host.readJob(vm)
    expect(job).toMatchObject({ kind: 'migration-out', state: 'running', iteration: 1, postCopy: false })
    expect(job.memoryRemainingBytes).toBeGreaterThan(0)
    expect(job.bytesPerSecond).toBeGreaterThan(1e8)
    expect(await second.host.readVm(vm)).toMatchObject({ incoming: true, state: 'paused' })
    await moving
    expect(await first.host.readVm(vm)).toBeNull()
    expect(await second.host.readVm(vm)).toMatchObject({
      state: 'running',
      persistent: true,
      stateReason: 'migrated',
      incoming: false,
    })
    expect(fleet.find(vm)?.vm.ranMs).toBeGreaterThan(ranMs)
    expect(await second.host.readCompletedJob(vm)).toMatchObject({
      kind: 'migration-in',
      state: 'completed',
      remainingBytes: 0,
    })
    const kinds = first.events.map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['migration-iteration', 'job-completed', 'vm-removed']))
    expect(second.events).toContainEqual(expect.objectContaining({ vm, change: 'migrated-here' }))
  })

  it('cancels a move and leaves the VM where it was', async () => {
    const { fleet, uuidOf, first, far } = await fleetAndHosts()
    const vm = uuidOf('shop-web-1')
    const destinationUri = fleet.host('frankfurt-1').uri
    await expect(first.host.migrate(vm, { ...plan, destinationUri })).rejects.toMatchObject(
      said(/Cannot access storage file/),
    )
    const moving = first.host.migrate(vm, { ...plan, destinationUri, copyDisks: ['vda'] })
    const failed = expect(moving).rejects.toMatchObject(said(/canceled by client/))
    await eventually(() => fleet.host('frankfurt-1').model.vms.has(vm))
    expect(fleet.host('frankfurt-1').model.volumeAt('/var/lib/libvirt/images/shop-web-1.qcow2')).toBeDefined()
    await first.host.abortJob(vm)
    await failed
    expect(await first.host.readVm(vm)).toMatchObject({ state: 'running' })
    expect(await far.host.readVm(vm)).toBeNull()
    expect(fleet.host('frankfurt-1').model.volumeAt('/var/lib/libvirt/images/shop-web-1.qcow2')).toBeUndefined()
    expect(await first.host.readCompletedJob(vm)).toMatchObject({ state: 'cancelled' })
  })

  it('does not converge with a restless VM until post-copy is switched on', { timeout: 30_000 }, async () => {
    const { fleet, uuidOf, second, far } = await fleetAndHosts({
      linkBytesPerSecond: { withinSite: 1e9, betweenSites: 450e6 },
    })
    const vm = uuidOf('shop-db-1')
    const rate = await second.host.measureDirtyRate(vm, 1000)
    expect(rate.bytesPerSecond).toBeGreaterThan(312e6)
    const copy = { pool: 'default', name: 'shop-db-1.qcow2', format: 'qcow2' as const, capacityBytes: gib }
    const { path } = await far.host.createVolume(copy.pool, copy)
    const xml = (await second.host.readXml(vm, { migratable: true })).replace(/\/var\/lib\/libvirt\/shared[^']*/, path)
    const moving = second.host.migrate(vm, {
      ...plan,
      ...{ destinationUri: fleet.host('frankfurt-1').uri, copyDisks: ['vda'], postCopy: true },
      ...{ destinationXml: xml, persistentXml: xml },
    })
    await eventually(
      () => second.events.some((event) => event.kind === 'migration-iteration' && event.iteration === 2),
      20_000,
    )
    await second.host.switchToPostCopy(vm)
    expect(await second.host.readJob(vm)).toMatchObject({ postCopy: true })
    expect(await far.host.readVm(vm)).toMatchObject({ state: 'running', stateReason: 'post-copy' })
    await expect(second.host.abortJob(vm)).rejects.toMatchObject(said(/post-copy/))
    await moving
    const arrived = await far.host.readVm(vm)
    expect(arrived).toMatchObject({ state: 'running', stateReason: 'migrated', persistent: true })
    expect(arrived?.disks[0]?.source).toBe(path)
  })

  it('keeps the VM when the destination loses power, and slows a restless one to let it through', {
    timeout: 40_000,
  }, async () => {
    const { fleet, uuidOf, second } = await fleetAndHosts()
    const vm = uuidOf('shop-db-1')
    const destinationUri = fleet.host('oslo-1').uri
    const limited = { ...plan, destinationUri, bandwidthBytesPerSecond: 450 * 2 ** 20 }
    const failing = expect(second.host.migrate(vm, limited)).rejects.toMatchObject(said(/unexpectedly failed/))
    await eventually(() => fleet.host('oslo-1').model.vms.has(vm))
    await fleet.host('oslo-1').stop()
    await failing
    expect(await second.host.readVm(vm)).toMatchObject({ state: 'running' })
    await fleet.host('oslo-1').start()
    await second.host.migrate(vm, { ...limited, autoConverge: true, maxDowntimeMs: 1200 })
    expect(fleet.find(vm)?.host.name).toBe('oslo-1')
  })
})
