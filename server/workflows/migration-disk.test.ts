import { expect, test } from 'vitest'
import { taggedName } from '#server/core/volume-name.ts'
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { StoragePoolFacts, VmFacts } from '#server/hypervisor/facts.ts'
import type { StepContext } from './define.ts'
import { removeLeftVolumes, removePrepared } from './migration-disk.ts'
import type { MovePlan } from './migration-plan.ts'

const operationId = '0193f5a0-0000-7000-8000-00000000abcd'
const made = taggedName('web-vda.qcow2', operationId)
const plan: MovePlan = {
  uuid: '4f2c1a0e-0000-4000-8000-000000000001',
  sourceHostId: 'source',
  sourceName: 'osl1',
  destinationHostId: 'destination',
  destinationName: 'ams1',
  destinationSiteId: 'ams',
  destinationUri: 'qemu+tls://ams1/system',
  tls: true,
  live: true,
  disks: [
    {
      target: 'vda',
      device: 'disk',
      readOnly: false,
      shareable: false,
      mode: 'copied',
      sourcePool: 'default',
      sourceVolume: 'web-vda.qcow2',
      sourcePath: '/pool/web-vda.qcow2',
      hasBacking: false,
      format: 'qcow2',
      capacityBytes: 2 ** 30,
      bytes: 2 ** 20,
      to: { pool: 'default', volume: made, path: `/pool/${made}` },
    },
  ],
}

interface Seen {
  /** How the host has the VM, if at all */
  vm?: Partial<VmFacts>
  others?: Partial<VmFacts>[]
  pools?: Pick<StoragePoolFacts, 'volumes'>[]
  /** A pool beside that libvirt does not read again or has switched off, or what it finds in it */
  aside?: 'refused' | 'off' | StoragePoolFacts['volumes']
}

/** A host of which only what these functions ask can be asked; it notes what was deleted. */
function host({ vm, others = [], pools = [], aside = [] }: Seen, deleted: string[]) {
  let found: StoragePoolFacts['volumes'] = []
  const answers: Partial<HypervisorHost> = {
    readVm: async () => (vm ? ({ disks: [], ...vm } as unknown as VmFacts) : null),
    listVms: async () => others as VmFacts[],
    listStoragePools: async () =>
      [
        ...pools,
        { name: 'aside', kind: 'dir', active: aside !== 'off', volumes: found },
      ] as unknown as StoragePoolFacts[],
    findVolume: async (at) => {
      const name = typeof at === 'string' ? at.replace('/pool/', '') : at.name
      return { pool: 'default', name, path: `/pool/${name}` } as Awaited<ReturnType<HypervisorHost['findVolume']>>
    },
    refreshPool: async (pool) => {
      if (pool === 'aside' && aside === 'refused') throw conflict('The pool can’t be read.')
      if (pool === 'aside' && typeof aside !== 'string') found = aside
    },
    deleteVolume: async (_pool, name) => void deleted.push(name),
  }
  return answers as HypervisorHost
}

/** No templates, nothing shared. */
const noRows = {
  template: { findUnique: async () => null },
  storagePool: { findMany: async () => [] },
}

function setUp(source: Seen, destination: Seen) {
  const deleted: string[] = []
  const hosts: Record<string, HypervisorHost> = {
    source: host(source, deleted),
    destination: host(destination, deleted),
  }
  const context = {
    operation: { id: operationId },
    db: noRows,
    host: async (id: string) => hosts[id],
  } as unknown as StepContext<unknown, object>
  return { context, deleted }
}

const arrived = { vm: { incoming: false, disks: [{ source: `/pool/${made}` }] as VmFacts['disks'] } }

test('the disks under a VM that still arrives stay', async () => {
  const { context, deleted } = setUp({}, { vm: { incoming: true } })
  await expect(removePrepared(context, plan)).rejects.toThrow('still arriving')
  expect(deleted).toEqual([])
})

test('without a VM on them the disks made at the destination go', async () => {
  const { context, deleted } = setUp({}, {})
  await removePrepared(context, plan)
  expect(deleted).toEqual([made])
})

test('the old disk goes once the VM lives at its new place', async () => {
  const { context, deleted } = setUp({}, arrived)
  expect(await removeLeftVolumes(context, plan)).toEqual([])
  expect(deleted).toEqual(['web-vda.qcow2'])
})

test('an old disk that another volume stands on stays, though the VM of that one is off', async () => {
  const overlay = { name: 'child.qcow2', path: '/pool/child.qcow2', backingPath: '/pool/web-vda.qcow2' }
  const { context, deleted } = setUp(
    {
      others: [{ uuid: 'child', disks: [{ source: '/pool/child.qcow2', backingPath: null }] as VmFacts['disks'] }],
      pools: [{ volumes: [overlay] as StoragePoolFacts['volumes'] }],
    },
    arrived,
  )
  expect(await removeLeftVolumes(context, plan)).toEqual(['web-vda.qcow2 on osl1: another volume stands on it'])
  expect(deleted).toEqual([])
})

const uuid = plan.uuid
const lower = (name: string, isOwn: boolean) => ({
  ...{ target: 'vda', sourcePool: 'default', sourceVolume: name, sourcePath: `/pool/${name}`, isOwn },
  ...{ format: 'qcow2' as const, capacityBytes: 2 ** 30, bytes: 2 ** 20, modifiedAtMs: 1, backing: null },
  to: { pool: 'default', volume: taggedName(name, operationId), path: `/pool/${taggedName(name, operationId)}` },
})
const copyOfTemplate = taggedName(`ubuntu.for-${uuid.slice(0, 8)}.qcow2`, '0193f5a0-0000-7000-8000-00000000ffff')
const copyForAnother = taggedName('ubuntu.for-00000000.qcow2', '0193f5a0-0000-7000-8000-00000000ffff')
const beneath = [
  lower('web.s1', true),
  lower(copyOfTemplate, false),
  lower(copyForAnother, false),
  lower('golden.qcow2', false),
]

test('of what the old disk stood on, what was made for the VM goes; what others may begin from stays and is not told', async () => {
  const { context, deleted } = setUp({}, arrived)
  expect(await removeLeftVolumes(context, { ...plan, beneath })).toEqual([])
  expect(deleted).toEqual(['web-vda.qcow2', 'web.s1', copyOfTemplate])
})

test('of what the old disk stood on, what another volume stands on stays and is told', async () => {
  const child = { name: 'child.qcow2', path: '/pool/child.qcow2', backingPath: '/pool/web.s1' }
  const { context, deleted } = setUp({ pools: [{ volumes: [child] as StoragePoolFacts['volumes'] }] }, arrived)
  expect(await removeLeftVolumes(context, { ...plan, beneath })).toEqual([
    'web.s1 on osl1: another volume stands on it',
  ])
  expect(deleted).toEqual(['web-vda.qcow2', copyOfTemplate])
})

test('of what the old disk stood on, what a volume of another pool stands on that was made by hand stays', async () => {
  const byHand = { name: 'hand.qcow2', path: '/aside/hand.qcow2', backingPath: '/pool/web.s1' }
  const { context, deleted } = setUp({ aside: [byHand] as StoragePoolFacts['volumes'] }, arrived)
  expect(await removeLeftVolumes(context, { ...plan, beneath })).toEqual([
    'web.s1 on osl1: another volume stands on it',
  ])
  expect(deleted).toEqual(['web-vda.qcow2', copyOfTemplate])
})

test.each(['refused', 'off'] as const)(
  'of what the old disk stood on nothing goes, and that is told, while a pool can’t be read again (%s)',
  async (aside) => {
    const { context, deleted } = setUp({ aside }, arrived)
    const unknown = 'what stands on it is not known, for aside could not be read again'
    expect(await removeLeftVolumes(context, { ...plan, beneath })).toEqual([
      `web.s1 on osl1: ${unknown}`,
      `${copyOfTemplate} on osl1: ${unknown}`,
    ])
    expect(deleted).toEqual(['web-vda.qcow2'])
  },
)

test('an old disk that its definition names by its pool goes too', async () => {
  const { context, deleted } = setUp({}, arrived)
  const disks = plan.disks.map((disk) => ({ ...disk, sourcePath: 'default/web-vda.qcow2' }))
  expect(await removeLeftVolumes(context, { ...plan, disks })).toEqual([])
  expect(deleted).toEqual(['web-vda.qcow2'])
})

test('without a VM on them what was made beneath the disks at the destination goes too', async () => {
  const { context, deleted } = setUp({}, {})
  await removePrepared(context, { ...plan, beneath })
  expect(deleted).toEqual([made, ...beneath.map(({ to }) => to.volume)])
})

test('old disks stay while the VM runs at its source, as when somebody started it there', async () => {
  const { context, deleted } = setUp({ vm: { incoming: false, state: 'running' } }, arrived)
  expect(await removeLeftVolumes(context, plan)).toEqual(['web-vda.qcow2 on osl1: the VM runs there'])
  expect(deleted).toEqual([])
})
