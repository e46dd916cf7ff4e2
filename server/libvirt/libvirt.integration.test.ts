import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openConnection } from './connect.ts'
import { errorCode, errorDomain, LibvirtError } from './error.ts'
import { listDomainFlag, snapshotListFlag, statsGroup } from './flag.ts'
import type { Host } from './host.ts'
import { Daemon } from './testing/daemon.ts'
import { EventLog } from './testing/event-log.ts'
import { unixTransport } from './transport/socket.ts'
import { domainState, lifecycleEvent } from './value.ts'

let daemon: Daemon
let host: Host
let log: EventLog

const virsh = (...args: string[]) => daemon.virsh('test:///default', ...args)

beforeAll(async () => {
  daemon = await Daemon.start()
  host = await daemon.connect('test:///default')
  log = new EventLog(host)
})

afterAll(async () => {
  await host?.close()
  await daemon?.remove()
})

const web = `<domain type='test'><name>web</name><memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>`
const withDisk = web
  .replace('web', 'store')
  .replace(
    '</domain>',
    `<devices><disk type='file'><source file='/nowhere'/><target dev='vda'/></disk></devices></domain>`,
  )

describe('a real daemon', () => {
  it('tells who it is, as its own shell does', async () => {
    const { version } = await host.call('connectGetLibVersion', {})
    expect(await virsh('version', '--daemon')).toContain(
      `libvirt ${version / 1_000_000n}.${(version / 1000n) % 1000n}.${version % 1000n}`,
    )
    expect(await host.call('connectGetHostname', {})).toEqual({ hostname: await virsh('hostname') })
    const { model, memoryKiB, cpus } = await host.call('nodeGetInfo', {})
    const shown = await virsh('nodeinfo')
    expect(shown).toMatch(new RegExp(`CPU model: +${model}\n`))
    expect(shown).toMatch(new RegExp(`CPU\\(s\\): +${cpus}\n`))
    expect(shown).toContain(`${memoryKiB} KiB`)
    const { xml } = await host.call('connectGetCapabilities', {})
    expect(xml.trim()).toBe(await virsh('capabilities'))
  })

  it('has its domains defined, started, changed and removed, with an event for each', async () => {
    log.clear()
    const { domain } = await host.call('domainDefineXmlFlags', { xml: web })
    await host.call('domainCreateWithFlags', { domain })
    expect(await host.call('domainGetState', { domain })).toMatchObject({ state: domainState.running })
    expect(await host.call('domainGetInfo', { domain })).toMatchObject({ maximumMemoryKiB: 65536n, vcpus: 2 })
    await host.call('domainSuspend', { domain })
    expect(await virsh('domstate', 'web')).toBe('paused')
    await host.call('domainResume', { domain })
    await host.call('domainSetMetadata', { domain, type: 1, metadata: 'The web server' })
    expect(await virsh('desc', '--title', 'web')).toBe('The web server')
    await host.call('domainSetAutostart', { domain, autostart: true })
    expect(await host.call('domainGetAutostart', { domain })).toEqual({ autostart: true })
    const { domains } = await host.call('connectListAllDomains', { flags: listDomainFlag.running })
    const listed = await virsh('list', '--uuid')
    expect(domains.map(({ uuid }) => uuid).sort()).toEqual(listed.split('\n').sort())
    const { records } = await host.call('connectGetAllDomainStats', { domains: [domain], stats: statsGroup.state })
    expect(records).toMatchObject([{ domain: { name: 'web' }, params: { 'state.state': 1 } }])
    const { xml } = await host.call('domainGetXmlDesc', { domain })
    expect(xml).toContain(`<uuid>${domain.uuid}</uuid>`)
    await host.call('domainDestroyFlags', { domain })
    await host.call('domainUndefineFlags', { domain })
    await log.untilLifecycle(lifecycleEvent.undefined)
    for (const event of ['defined', 'started', 'suspended', 'resumed', 'stopped'] as const) {
      await log.untilLifecycle(lifecycleEvent[event])
    }
    expect(log.events[0]).toMatchObject({
      name: 'domainLifecycle',
      body: { domain: { name: 'web', uuid: domain.uuid } },
    })
  })

  it('reports what somebody else does', async () => {
    log.clear()
    await virsh('suspend', 'test')
    await log.untilLifecycle(lifecycleEvent.suspended)
    await virsh('resume', 'test')
    await log.untilLifecycle(lifecycleEvent.resumed)
    await virsh('net-destroy', 'default')
    await log.until(({ name }) => name === 'networkLifecycle')
    await virsh('net-start', 'default')
    await virsh('pool-refresh', 'default-pool')
    await log.until(({ name }) => name === 'storagePoolRefresh')
  })

  it('keeps snapshots in their tree', async () => {
    const { domain } = await host.call('domainLookupByName', { name: 'test' })
    const { snapshot: first } = await host.call('domainSnapshotCreateXml', {
      domain,
      xml: '<domainsnapshot><name>first</name></domainsnapshot>',
    })
    await host.call('domainSnapshotCreateXml', { domain, xml: '<domainsnapshot><name>second</name></domainsnapshot>' })
    const { snapshots } = await host.call('domainListAllSnapshots', { domain, flags: snapshotListFlag.topological })
    expect(snapshots.map(({ name }) => name)).toEqual(['first', 'second'])
    const { snapshot: second } = await host.call('domainSnapshotCurrent', { domain })
    expect(second.name).toBe('second')
    expect((await host.call('domainSnapshotGetParent', { snapshot: second })).snapshot.name).toBe('first')
    expect(await host.call('domainSnapshotNumChildren', { snapshot: first })).toEqual({ count: 1 })
    await host.call('domainRevertToSnapshot', { snapshot: first })
    expect(await virsh('snapshot-current', '--name', 'test')).toBe('first')
    await host.call('domainSnapshotDelete', { snapshot: first, flags: 1 })
    expect(await host.call('domainHasCurrentSnapshot', { domain })).toEqual({ present: false })
    expect(await host.call('domainSnapshotNum', { domain })).toEqual({ count: 0 })
  })

  it('keeps checkpoints', async () => {
    const { domain } = await host.call('domainDefineXmlFlags', { xml: withDisk })
    await host.call('domainCreateWithFlags', { domain })
    const xml = '<domaincheckpoint><name>monday</name></domaincheckpoint>'
    const { checkpoint } = await host.call('domainCheckpointCreateXml', { domain, xml })
    expect(await virsh('checkpoint-list', '--name', 'store')).toBe('monday')
    expect(await host.call('domainListAllCheckpoints', { domain })).toEqual({ checkpoints: [checkpoint], count: 1 })
    expect((await host.call('domainCheckpointGetXmlDesc', { checkpoint })).xml).toContain('<name>monday</name>')
    await host.call('domainCheckpointDelete', { checkpoint })
    const looking = host.call('domainCheckpointLookupByName', { domain, name: 'monday' })
    await expect(looking).rejects.toMatchObject({ code: errorCode.noCheckpoint })
    await host.call('domainDestroyFlags', { domain })
    await host.call('domainUndefineFlags', { domain })
  })

  it('keeps networks and storage', async () => {
    const { network } = await host.call('networkLookupByName', { name: 'default' })
    expect((await host.call('networkGetXmlDesc', { network })).xml).toContain(network.uuid)
    const { pool } = await host.call('storagePoolLookupByName', { name: 'default-pool' })
    const { capacityBytes } = await host.call('storagePoolGetInfo', { pool })
    expect(await virsh('pool-info', '--bytes', 'default-pool')).toMatch(new RegExp(`Capacity: +${capacityBytes}\n`))
    const xml = '<volume><name>disk</name><capacity>4096</capacity></volume>'
    const { volume } = await host.call('storageVolCreateXml', { pool, xml })
    expect(await host.call('storageVolGetInfo', { volume })).toMatchObject({ capacityBytes: 4096n })
    const { path: volumePath } = await host.call('storageVolGetPath', { volume })
    expect(await virsh('vol-path', 'disk', '--pool', 'default-pool')).toBe(volumePath)
    await host.call('storageVolDelete', { volume })
    const { devices } = await host.call('connectListAllNodeDevices', {})
    expect(devices).toContainEqual({ name: 'computer' })
    const { xml: deviceXml } = await host.call('nodeDeviceGetXmlDesc', { name: 'computer' })
    expect(deviceXml.trim()).toBe(await virsh('nodedev-dumpxml', 'computer'))
  })

  it('streams a picture of the screen', async () => {
    const { domain } = await host.call('domainLookupByName', { name: 'test' })
    const { stream, result } = await host.openStream('domainScreenshot', { domain, screen: 0 })
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(result.mimeType).toBe('image/png')
    const file = path.join(daemon.folder, 'screen.png')
    await virsh('screenshot', 'test', file)
    expect(Buffer.concat(chunks).equals(await readFile(file))).toBe(true)
  })
})

describe('errors', () => {
  it.each([
    ['no such domain', () => host.call('domainLookupByName', { name: 'none' }), errorCode.noDomain, errorDomain.test],
    [
      'broken XML',
      () => host.call('domainDefineXmlFlags', { xml: '<domain' }),
      errorCode.xmlDetail,
      errorDomain.domainConfig,
    ],
    [
      'no such pool',
      () => host.call('storagePoolLookupByName', { name: 'x' }),
      errorCode.noStoragePool,
      errorDomain.test,
    ],
    [
      'a flag nobody knows',
      () => host.call('connectListAllDomains', { flags: 1 << 30 }),
      errorCode.invalidArgument,
      errorDomain.test,
    ],
    [
      'a call this driver lacks',
      () => host.call('domainMigrateGetMaxSpeed', { domain: { uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f' } }),
      errorCode.noSupport,
      undefined,
    ],
  ] as const)('has its code for %s', async (_name, call, code, domain) => {
    const error = await call().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(LibvirtError)
    expect(error).toMatchObject({ code, level: 2, ...(domain === undefined ? {} : { domain }) })
  })

  it('tells a URI that the daemon can not open', async () => {
    const opening = openConnection(unixTransport(daemon.socketPath), { uri: 'nonsense:///', timeoutMs: 5000 })
    await expect(opening).rejects.toMatchObject({ name: 'LibvirtError', procedure: 'connectOpen' })
  })

  it('tells a socket that is not there', async () => {
    const options = { uri: 'test:///default', timeoutMs: 2000 }
    const missing = openConnection(unixTransport(path.join(daemon.folder, 'none')), options)
    await expect(missing).rejects.toMatchObject({ name: 'TransportError', reason: 'socket-missing' })
  })
})
