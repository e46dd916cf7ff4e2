import { expect, test } from 'vitest'
import { bootTestItems, capacityItems, datastoreItems, protectionItems, quotaItems, vmItems } from './attention.ts'

const tenant = (use: number, limit: number | null) => ({
  id: 't',
  name: 'T',
  slug: 't',
  createdAt: new Date(),
  memberCount: 1,
  use: { vms: use, vcpus: 0, memoryBytes: 0n, diskBytes: 0n, snapshots: 0 },
  quotas: { vms: limit, vcpus: null, memoryBytes: null, diskBytes: null, snapshots: null },
})

test('a quota needs attention from nine tenths on, and more so beyond it', () => {
  expect(quotaItems([tenant(8, 10), tenant(99, null), tenant(0, 0)])).toEqual([])
  expect(quotaItems([tenant(9, 10)])[0]).toMatchObject({ look: 'degraded', detail: 'VMs 90 %' })
  expect(quotaItems([tenant(12, 10)])[0]).toMatchObject({ look: 'failed', text: 'is over its quota' })
})

test('many VMs in one state are one line that leads to the list of them', () => {
  const items = vmItems([], { crashed: 0, unknown: 1200 })
  expect(items).toEqual([
    expect.objectContaining({ name: '1,200 VMs are in an unknown state', href: '/fleet?filter=state:unknown' }),
  ])
})

test('VMs that are late, fail with their backups or have no policy are a line each, which leads to them', () => {
  expect(protectionItems({ failing: 0, late: 0, unprotected: 0 })).toEqual([])
  expect(protectionItems({ failing: 1, late: 20, unprotected: 12 })).toMatchObject([
    { look: 'failed', name: '1 VM', text: 'fails to be backed up', href: '/protection?state=failing' },
    { look: 'degraded', name: '20 VMs', href: '/protection?state=late' },
    { look: 'off', name: '12 VMs', text: 'are not protected', href: '/protection?state=unprotected' },
  ])
})

test('of a datastore the worst is told: what can’t be reached says nothing of damage', () => {
  const well = { id: 'd', name: 'Vault', state: 'healthy', stateReason: null, damaged: 0, isNearlyFull: false } as const
  expect(datastoreItems([well])).toEqual([])
  const items = datastoreItems([
    { ...well, state: 'unreachable', stateReason: 'The folder is gone.', damaged: 2 },
    { ...well, damaged: 2, isNearlyFull: true },
    { ...well, state: 'read_only', stateReason: 'It is read-only.' },
    { ...well, isNearlyFull: true },
  ])
  expect(items.map(({ text, look }) => `${look}: ${text}`)).toEqual([
    'failed: can’t be reached',
    'failed: holds damaged backups',
    'failed: can’t be written to',
    'degraded: is nearly full',
  ])
  expect(items[0]).toMatchObject({ detail: 'The folder is gone.', href: '/datastores/d' })
})

test('VMs whose backups do not boot are one line', () => {
  expect(bootTestItems({ failed: 0 })).toEqual([])
  expect(bootTestItems({ failed: 2 })).toMatchObject([
    { look: 'failed', name: '2 VMs', href: '/protection?boot=failed' },
  ])
})

test('a site whose bars are red needs attention; vCPUs may be promised beyond its CPUs', () => {
  const site = { id: 's', name: 'Bergen', slug: 'bergen', latitude: 60, longitude: 5, hosts: 1 }
  const sites = [site] as unknown as Parameters<typeof capacityItems>[0]
  const roomy = { siteId: 's', cpus: 2, cpusUsed: 1, vcpusPromised: 9, memoryBytes: 100, memoryUsedBytes: 50 }
  const cpuFullSince = new Date('2026-11-27T10:00:00Z')
  const minutesOn = (minutes: number) => cpuFullSince.getTime() + minutes * 60_000
  expect(capacityItems(sites, [{ ...roomy, cpuFullSince: null, memoryPromisedBytes: 94 }], minutesOn(0))).toEqual([])
  const full = { ...roomy, cpusUsed: 2, cpuFullSince }
  expect(capacityItems(sites, [{ ...full, memoryPromisedBytes: 120 }], minutesOn(10))).toMatchObject([
    { look: 'degraded', name: 'Bergen', detail: 'CPU used 100 %, memory promised 120 %', href: '/sites/s' },
  ])
  expect(capacityItems(sites, [{ ...full, memoryPromisedBytes: 50 }], minutesOn(9))).toEqual([])
})
