import { expect, test } from 'vitest'
import { assumedBytesPerSecond, type Candidate, judgeCandidate, type MovingVm } from './migration-preview.ts'
import { demandStandstill } from './migration-saved.ts'

const gib = 2 ** 30
const disk = {
  target: 'vda',
  device: 'disk',
  source: '/images/web.qcow2',
  poolName: 'default',
  volumeName: 'web.qcow2',
  format: 'qcow2',
  backingPath: null,
  capacityBytes: 20 * gib,
  allocationBytes: 5 * gib,
  readOnly: false,
  shareable: false,
}
const vm: MovingVm = {
  name: 'web',
  hostId: 'a',
  state: 'running',
  persistent: true,
  vcpuCount: 2,
  memoryBytes: 4 * gib,
  architecture: 'x86_64',
  machineType: 'pc-q35-7.2',
  cpuMode: 'host-model',
  accelerator: 'kvm',
  snapshots: [],
  localDevices: 0,
  dirtyBytesPerSecond: 0,
  disks: [disk],
  networks: ['fleet'],
  bridges: [],
  grantedNetworks: [{ networkName: 'fleet', mode: null }],
}
const a: Candidate = {
  id: 'a',
  name: 'a',
  siteId: 's',
  state: 'connected',
  draining: false,
  simulated: false,
  accelerator: 'kvm',
  architecture: 'x86_64',
  cpuModel: 'EPYC',
  cpuFeatures: ['avx', 'avx2'],
  machineTypes: ['pc-q35-7.2'],
  cpuCount: 8,
  memoryFreeBytes: 32 * gib,
  reservedMemoryBytes: 0,
  reservedVcpus: 0,
  promisedVcpus: 0,
  libvirtVersion: '9.0.0',
  hypervisorVersion: '7.2.0',
  migrationUri: 'qemu+tls://a/system',
  pools: [{ name: 'default', kind: 'dir', path: '/images', active: true, availableBytes: 100 * gib, sharedKey: null }],
  networks: [{ name: 'fleet', mode: 'bridge', bridge: 'br0', active: true }],
  presentPaths: [],
}
const b: Candidate = { ...a, id: 'b', name: 'b', migrationUri: 'qemu+tls://b/system' }
const inside = { storage: 'internal' }
const beside = { storage: 'external' }
const unmeasured = { bitsPerSecond: null, roundTripMs: null }
const judge = (moving: Partial<MovingVm> = {}, to: Partial<Candidate> = {}, from: Partial<Candidate> = {}) =>
  judgeCandidate({ ...vm, ...moving }, { ...a, ...from }, { ...b, ...to }, unmeasured)

test('an equal host takes it, with its disk copied and a prediction', () => {
  const verdict = judge()
  expect(verdict).toMatchObject({ eligible: true, reasons: [], copiedBytes: 5 * gib, bandwidthAssumed: true })
  expect(verdict.disks).toEqual([{ target: 'vda', mode: 'copied', poolName: 'default', bytes: 5 * gib }])
  expect(verdict.bytesPerSecond).toBe(assumedBytesPerSecond)
  expect(verdict.estimate?.totalMs).toBeGreaterThan(0)
})

test('a measured link is reckoned with and said to be measured', () => {
  const verdict = judgeCandidate(vm, a, b, { bitsPerSecond: 8_000_000_000, roundTripMs: 4 })
  expect(verdict).toMatchObject({ bytesPerSecond: 1_000_000_000, bandwidthAssumed: false })
  expect(verdict.estimate?.downtimeMs).toBe(108)
})

test.each<[string, Partial<MovingVm>, Partial<Candidate>, RegExp]>([
  ['the host it is on', {}, { id: 'a' }, /runs here already/],
  ['a host out of reach', {}, { state: 'unreachable' }, /^The host can’t be reached\.$/],
  ['a draining host', {}, { draining: true }, /drained/],
  ['a simulated host', {}, { simulated: true }, /simulated/],
  ['no address for other hosts', {}, { migrationUri: null }, /no address/],
  ['too little memory', {}, { memoryFreeBytes: gib }, /Not enough memory: it needs 4 GiB, 1 GiB are free/],
  ['memory reserved by others', {}, { reservedMemoryBytes: 30 * gib }, /Not enough memory/],
  ['too few CPUs', { vcpuCount: 16 }, {}, /Too few CPUs/],
  ['CPUs promised too often', {}, { promisedVcpus: 60, reservedVcpus: 3 }, /promised 8 times over/],
  ['another architecture', {}, { architecture: 'aarch64' }, /Another architecture/],
  ['an unknown machine type', {}, { machineTypes: ['pc'] }, /machine type pc-q35-7.2/],
  ['a CPU that lacks features', {}, { cpuFeatures: ['avx'] }, /lacks: avx2/],
  ['another CPU passed through', { cpuMode: 'host-passthrough' }, { cpuModel: 'Xeon' }, /as it is \(EPYC\)/],
  ['no hardware virtualisation', {}, { accelerator: 'emulation' }, /hardware virtualisation/],
  ['a passed-through device', { localDevices: 1 }, {}, /passed through/],
  ['an older hypervisor', {}, { hypervisorVersion: '6.9.9' }, /hypervisor 6.9.9 is older than 7.2.0/],
  ['an older libvirt', {}, { libvirtVersion: '8.10.0' }, /libvirt 8.10.0 is older than 9.0.0/],
  ['a missing network', {}, { networks: [] }, /network fleet is not on the host/],
  [
    'a network that is off',
    {},
    { networks: [{ name: 'fleet', mode: 'bridge', bridge: null, active: false }] },
    /switched off/,
  ],
  ['a missing pool', {}, { pools: [] }, /storage pool default of vda is not on the host/],
  [
    'a full pool',
    {},
    { pools: [{ ...(a.pools[0] as Candidate['pools'][0]), availableBytes: gib }] },
    /Not enough space/,
  ],
  ['a state that forbids it', { state: 'crashed' }, {}, /has crashed/],
])('%s is a reason', (_, moving, to, reason) => {
  const verdict = judge(moving, to)
  expect(verdict.eligible).toBe(false)
  expect(verdict.estimate).toBeNull()
  expect(verdict.reasons.join(' ')).toMatch(reason)
})

test('every obstacle is named, not the first alone', () => {
  const lost = [{ ...disk, poolName: null }]
  expect(judge({ disks: lost }, { draining: true, networks: [], memoryFreeBytes: 0 }).reasons).toHaveLength(4)
})

test('a move opens no network that was closed to its tenant; a card whose grant was withdrawn moves with a warning', () => {
  const network = { name: 'fleet', bridge: 'br0', active: true }
  const nat = { networks: [{ ...network, mode: 'nat' }] }
  const natAlone = { grantedNetworks: [{ networkName: 'fleet', mode: 'nat' }] }
  expect(judge(natAlone, nat, nat)).toMatchObject({ eligible: true, warnings: [] })
  expect(judge(natAlone, {}, nat).reasons).toEqual([
    'Its tenant may not use the network fleet as the host has it (bridge).',
  ])
  const withdrawn = judge({ grantedNetworks: [] })
  expect(withdrawn.eligible).toBe(true)
  expect(withdrawn.warnings.join(' ')).toMatch(/not granted the network fleet/)
  expect(judge({ grantedNetworks: 'any' }, {}, nat)).toMatchObject({ eligible: true, warnings: [] })
})

test('storage that both see is not copied', () => {
  const pools = [{ name: 'default', kind: 'dir', path: '/images', active: true, availableBytes: 0, sharedKey: 'nas' }]
  const verdict = judge({}, { pools }, { pools })
  expect(verdict).toMatchObject({ eligible: true, copiedBytes: 0 })
  expect(verdict.disks[0]?.mode).toBe('shared')
})

test('snapshots go along with a VM that is off, and with any where both hosts see its storage', () => {
  expect(judge({ state: 'off', snapshots: [inside] }).reasons).toEqual([])
  const pools = [{ name: 'default', kind: 'dir', path: '/images', active: true, availableBytes: 0, sharedKey: 'nas' }]
  expect(judge({ snapshots: [inside, beside] }, { pools }, { pools })).toMatchObject({ reasons: [], way: 'live' })
})

test('with snapshots inside a disk that is copied it moves standing still, where there is room for its memory', () => {
  const moving = { snapshots: [inside, inside] }
  const verdict = judge(moving)
  expect(verdict).toMatchObject({ eligible: true, way: 'saved', memoryPool: 'default', copiedBytes: 5 * gib })
  expect(verdict.estimate).toMatchObject({ converges: 'saved', downtimeMs: verdict.estimate?.totalMs })
  expect(() => demandStandstill('web', verdict, { mayStandStill: false })).toThrow(
    /web would stand still for about \d+ s/,
  )
  demandStandstill('web', verdict, { mayStandStill: true })
  const withFree = (availableBytes: number) => ({ pools: a.pools.map((pool) => ({ ...pool, availableBytes })) })
  expect(judge(moving, withFree(8 * gib)).reasons).toEqual([
    'Not enough space in default: 9.06 GiB to copy, 8 GiB are free.',
  ])
  expect(judge(moving, {}, withFree(gib)).reasons).toEqual([
    'Not enough space in default on a to save its memory: 4.06 GiB needed, 1 GiB are free.',
  ])
  expect(judge({ ...moving, persistent: false }).reasons).toEqual([expect.stringMatching(/only while it runs/)])
  const blocks = { pools: a.pools.map((pool) => ({ ...pool, kind: 'logical' })) }
  expect(judge(moving, blocks, blocks).reasons).toEqual([expect.stringMatching(/default takes none: shut it down/)])
})

test('with a disk that both hosts see it does not stand still: whether that was written to meanwhile could not be told', () => {
  const pool = a.pools[0] as Candidate['pools'][0]
  const nas = { ...pool, name: 'nas', kind: 'netfs', path: '/nas', sharedKey: 'nas' }
  const both = { pools: [pool, nas] }
  const shared = { ...disk, target: 'vdb', source: '/nas/data.qcow2', poolName: 'nas' }
  const withDisk = (other: MovingVm['disks'][0], state: MovingVm['state'] = 'running') =>
    judge({ state, snapshots: [inside], disks: [disk, other] }, both, both)
  const reason = 'It would have to stand still to move, and nas can’t take part in that: shut it down first.'
  expect(withDisk(shared).reasons).toEqual([reason])
  expect(withDisk(shared, 'off').reasons).toEqual([])
  for (const unwritten of [{ readOnly: true }, { device: 'cdrom', readOnly: true }, { device: 'cdrom' }]) {
    expect(withDisk({ ...shared, ...unwritten })).toMatchObject({ way: 'saved', reasons: [] })
  }
  // Of two pools of its own, one that is mounted from elsewhere at either end.
  const second = { ...nas, sharedKey: null }
  const ends = (kind: string, sharedKey: string | null = null) => ({ pools: [pool, { ...second, kind, sharedKey }] })
  const copied = { snapshots: [inside], disks: [disk, shared] }
  expect(judge(copied, ends('dir'), ends('dir')).reasons).toEqual([])
  expect(judge(copied, ends('dir'), ends('netfs')).reasons).toEqual([reason])
  expect(judge(copied, ends('netfs'), ends('dir')).reasons).toEqual([reason])
  // A mount in a folder shows by being seen from another host too.
  expect(judge(copied, ends('dir', 'x'), ends('dir')).reasons).toEqual([reason])
  expect(judge(copied, ends('dir'), ends('dir', 'x')).reasons).toEqual([reason])
})

const file = { path: '/images/base.qcow2', poolName: 'default', volumeName: 'base.qcow2', format: 'qcow2' }
const base = { ...file, capacityBytes: 20 * gib, allocationBytes: 2 * gib }
const layer = { ...base, path: '/images/web.s1', volumeName: 'web.s1', allocationBytes: gib }
const overlay = { ...disk, backingPath: layer.path, beneath: [layer, base] }

test('with snapshots the files that a disk stands on come along, each counted and told, and before it stands still', () => {
  for (const snapshots of [[inside], [beside]]) {
    const verdict = judge({ snapshots, disks: [overlay] })
    expect(verdict).toMatchObject({ eligible: true, way: 'saved', copiedBytes: 8 * gib })
    expect(verdict.disks[0]).toMatchObject({
      ...{ bytes: 8 * gib },
      beneath: [
        { path: '/images/web.s1', bytes: gib },
        { path: '/images/base.qcow2', bytes: 2 * gib },
      ],
    })
    expect(verdict.warnings).toEqual([
      'vda stands on web.s1 (1 GiB), base.qcow2 (2 GiB), which come along as copies of its own.',
    ])
    const { totalMs = 0, downtimeMs = 0 } = verdict.estimate ?? {}
    expect(totalMs - downtimeMs).toBeCloseTo((3 * gib * 1000) / assumedBytesPerSecond)
  }
  expect(judge({ state: 'off', snapshots: [beside], disks: [overlay] })).toMatchObject({
    way: 'off',
    copiedBytes: 8 * gib,
  })
  const pools = [{ ...(a.pools[0] as Candidate['pools'][0]), availableBytes: 8 * gib }]
  expect(judge({ snapshots: [inside], disks: [overlay] }, { pools }).reasons).toEqual([
    'Not enough space in default: 12.1 GiB to copy, 8 GiB are free.',
  ])
})

test('what two disks stand on comes along once, a raw file in full, and what both hosts see stays', () => {
  const raw = { ...base, format: 'raw' }
  const disks = [overlay, { ...disk, target: 'vdb', backingPath: base.path, beneath: [base] }]
  expect(judge({ snapshots: [inside], disks }).copiedBytes).toBe(13 * gib)
  expect(judge({ snapshots: [inside], disks: [{ ...overlay, beneath: [raw] }] }).copiedBytes).toBe(25 * gib)
  const nas = { ...(a.pools[0] as Candidate['pools'][0]), name: 'nas', path: '/nas', sharedKey: 'nas' }
  const both = { pools: [...a.pools, nas] }
  const onNas = { ...overlay, beneath: [layer, { ...base, poolName: 'nas' }] }
  expect(judge({ snapshots: [inside], disks: [onNas] }, both, both).copiedBytes).toBe(6 * gib)
})

test('a snapshot’s memory comes along with the first disk that is copied; what no copied disk brings is a reason', () => {
  const nas = { ...(a.pools[0] as Candidate['pools'][0]), name: 'nas', path: '/nas', sharedKey: 'nas' }
  const both = { pools: [...a.pools, nas] }
  const memory = { ...base, path: '/images/web.memory', volumeName: 'web.memory', format: 'raw', isMemory: true }
  const onNas = { ...disk, source: '/nas/web.qcow2', poolName: 'nas', beneath: [memory] }
  const second = { ...disk, target: 'vdb', beneath: [memory] }
  const off = { state: 'off' as const, snapshots: [beside] }
  const verdict = judge({ ...off, disks: [onNas, second, { ...second, target: 'vdc' }] }, both, both)
  expect(verdict).toMatchObject({ reasons: [], disks: [{ mode: 'shared' }, { beneath: [{ path: memory.path }] }, {}] })
  expect(verdict.disks[2]?.beneath).toEqual([])
  expect(judge({ ...off, disks: [onNas] }, both, both).reasons).toEqual([
    'Its snapshots need web.memory, which only a sees: no disk is copied that it could go along with.',
  ])
  const there = { ...memory, path: '/nas/web.memory', poolName: 'nas' }
  expect(judge({ ...off, disks: [{ ...onNas, beneath: [there] }] }, both, both).reasons).toEqual([])
  expect(judge({ ...off, disks: [{ ...onNas, beneath: [base] }] }, both, both).reasons).toEqual([
    'Its snapshots need base.qcow2, which vda stands on and which only a sees.',
  ])
})

test('without snapshots a disk becomes one with what it stands on', () => {
  const verdict = judge({ disks: [overlay] })
  expect(verdict).toMatchObject({ way: 'live', copiedBytes: 5 * gib })
  expect(verdict.warnings).toEqual(['vda becomes independent of its template.'])
})

test.each<[string, object, object, RegExp]>([
  ['in no pool', { poolName: null }, {}, /need base.qcow2, which vda stands on and which lies in no storage pool/],
  ['of an unknown format', { format: 'vmdk' }, {}, /base.qcow2, which vda stands on and which has the format vmdk/],
  ['in a pool of block devices', { poolName: 'lvm' }, {}, /base.qcow2, which vda stands on and which is no file/],
  ['for a pool of block devices', {}, { kind: 'logical' }, /default on the host is no folder for files/],
])('a file beneath %s is a reason that names it', (_, changed, pool, reason) => {
  const lvm = { ...(a.pools[0] as Candidate['pools'][0]), name: 'lvm', kind: 'logical', path: '/dev/lvm' }
  const disks = [{ ...overlay, beneath: [layer, { ...base, ...changed }] }]
  const to = { pools: a.pools.map((each) => ({ ...each, ...pool })) }
  expect(judge({ state: 'off', snapshots: [inside], disks }, to, { pools: [...a.pools, lvm] }).reasons).toEqual([
    expect.stringMatching(reason),
  ])
})

test('a disc: sent ahead from a pool, left alone where it is there, a reason where it is nowhere', () => {
  const disc = { ...disk, target: 'sda', device: 'cdrom', readOnly: true, source: '/iso/x.iso', allocationBytes: 7 }
  expect(judge({ disks: [disc] }).disks[0]).toMatchObject({ mode: 'uploaded', bytes: 7 })
  const loose = { ...disc, poolName: null, volumeName: null }
  expect(judge({ disks: [loose] }, { presentPaths: ['/iso/x.iso'] }).disks[0]?.mode).toBe('present')
  expect(judge({ disks: [loose] }).reasons.join(' ')).toContain('The disc in sda lies in no storage pool')
  expect(judge({ disks: [{ ...disc, source: null }] })).toMatchObject({ eligible: true, copiedBytes: 0 })
})

test('off, it needs no memory now; emulated, the CPU does not matter', () => {
  expect(judge({ state: 'off' }, { memoryFreeBytes: 0 }).eligible).toBe(true)
  expect(judge({ accelerator: 'emulation' }, { cpuFeatures: [], cpuModel: null }).eligible).toBe(true)
})

test('a disk that can outgrow its pool is a warning', () => {
  const pools = [{ ...(a.pools[0] as Candidate['pools'][0]), availableBytes: 10 * gib }]
  const verdict = judge({}, { pools })
  expect(verdict.eligible).toBe(true)
  expect(verdict.warnings.join(' ')).toMatch(/vda can grow to 20 GiB/)
})
