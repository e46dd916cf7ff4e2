import { randomUUID } from 'node:crypto'
import { createPerson, createTenant, signIn, type TestPerson } from './person.ts'
import type { TestServices } from './services.ts'
import { createHost, createVm } from './vm.ts'

/** People who are in every world: what they may see of it is decided by their roles in its tenant. */
export interface Cast {
  operator: TestPerson
  owner: TestPerson
  viewer: TestPerson
  /** Owner of a tenant that has nothing to do with any world */
  stranger: TestPerson
  strangerTenantId: string
  headers: Record<'operator' | 'owner' | 'viewer' | 'stranger' | 'expired' | 'nobody', Headers>
}

export async function createCast(services: TestServices): Promise<Cast> {
  const elsewhere = await createTenant(services, 'Elsewhere')
  const operator = await createPerson(services, { name: 'Olga', operator: true })
  const owner = await createPerson(services, { name: 'Owen' })
  const viewer = await createPerson(services, { name: 'Vera' })
  const stranger = await createPerson(services, { name: 'Stan', roles: { [elsewhere.id]: 'owner' } })
  const expired = await createPerson(services, { name: 'Edda', operator: true })
  const headers = {
    operator: await signIn(services, operator),
    owner: await signIn(services, owner),
    viewer: await signIn(services, viewer),
    stranger: await signIn(services, stranger),
    expired: await signIn(services, expired),
    nobody: new Headers(),
  }
  await services.authDb.session.updateMany({ where: { userId: expired.id }, data: { expiresAt: new Date(0) } })
  return { operator, owner, viewer, stranger, strangerTenantId: elsewhere.id, headers }
}

/** One of everything, in a tenant of its own. */
export type World = Awaited<ReturnType<typeof createWorld>>

export async function createWorld(services: TestServices, cast: Cast) {
  const db = services.authDb
  const mark = randomUUID().slice(0, 8)
  const tenant = await createTenant(services, `Tenant ${mark}`)
  const member = (userId: string, role: string) =>
    db.tenantMember.create({ data: { id: randomUUID(), tenantId: tenant.id, userId, role } })
  const ownerMember = await member(cast.owner.id, 'owner')
  const viewerMember = await member(cast.viewer.id, 'viewer')
  const other = await createPerson(services, { name: `Other ${mark}`, roles: { [tenant.id]: 'member' } })
  const otherMember = await db.tenantMember.findFirstOrThrow({ where: { userId: other.id } })
  const host = await createHost(db, `host-${mark}`)
  const secondHost = await createHost(db, `host2-${mark}`)
  const emptySite = await db.site.create({
    data: { name: `Empty ${mark}`, slug: `empty-${mark}`, kind: 'edge', latitude: 1, longitude: 1 },
  })
  const vm = await createVm(db, host, tenant.id, { name: `vm-${mark}`, notes: `notes of ${mark}` })
  const datastore = await db.datastore.create({
    data: { name: `datastore-${mark}`, kind: 'folder', location: { path: `/datastore/${mark}` } },
  })
  const emptyDatastore = await db.datastore.create({
    data: { name: `empty-datastore-${mark}`, kind: 'folder', location: { path: `/datastore/empty-${mark}` } },
  })
  const recoveryPoint = await db.recoveryPoint.create({
    data: {
      ...{ id: randomUUID(), tenantId: tenant.id, vmId: vm.id, vmUuid: vm.uuid, vmName: vm.name },
      ...{ datastoreId: datastore.id, takenAt: new Date(), consistency: 'crash', reading: 'full', disks: [] },
      ...{ sizeBytes: 1n, readBytes: 1n, storedBytes: 1n, tookMs: 1, definition: new Uint8Array(1) },
    },
  })
  const archiveStore = await db.archiveStore.create({
    data: {
      ...{ name: `archive-store-${mark}`, kind: 'folder', location: { path: `/archive/${mark}` }, currency: 'EUR' },
      ...{ pricePerGbMonth: 0.01, pricePerGbRead: 0.02, firstByteSeconds: 60 },
      grants: { create: { tenantId: tenant.id, minKeepDays: 1, maxKeepDays: 3650, mayDeleteLocal: true } },
    },
  })
  const emptyArchiveStore = await db.archiveStore.create({
    data: {
      ...{ name: `empty-archive-store-${mark}`, kind: 'folder', location: { path: `/archive/empty-${mark}` } },
      ...{ currency: 'EUR', pricePerGbMonth: 0, pricePerGbRead: 0, firstByteSeconds: 0 },
    },
  })
  const archivalPolicy = await db.archivalPolicy.create({
    data: {
      ...{ tenantId: tenant.id, name: `archival-${mark}`, archiveStoreId: archiveStore.id, allVms: true },
      ...{ which: 'every', begins: 'age', minAgeDays: 7, timeZone: 'UTC', keepDays: 365, localCopy: 'keep' },
      ...{ nextAt: new Date(Date.now() + 3600_000), createdBy: 'Owen' },
    },
  })
  await db.archivedPoint.create({
    data: {
      ...{ id: recoveryPoint.id, archiveStoreId: archiveStore.id, tenantId: tenant.id, policyId: archivalPolicy.id },
      ...{ vmId: vm.id, vmUuid: vm.uuid, vmName: vm.name, takenAt: recoveryPoint.takenAt, consistency: 'crash' },
      ...{ disks: [], sizeBytes: 1n, contentBytes: 1n, storedBytes: 1n, tookMs: 1, readBackBytes: 1n, readBackMs: 1 },
      ...{ definition: new Uint8Array(1), readBackAt: new Date(), expiresAt: new Date(Date.now() + 86_400_000) },
    },
  })
  const snapshot = await db.snapshot.create({
    data: {
      ...{ vmId: vm.id, name: `snapshot-${mark}`, takenAt: new Date(), state: 'running' },
      ...{ withMemory: true, storage: 'internal', current: true },
    },
  })
  const bootTest = await db.bootTest.create({
    data: {
      ...{ id: randomUUID(), tenantId: tenant.id, vmId: vm.id, vmUuid: vm.uuid, vmName: vm.name, askedBy: 'Owen' },
      ...{ recoveryPointId: recoveryPoint.id, takenAt: recoveryPoint.takenAt, outcome: 'proven', proof: 'serial' },
      ...{ restoreMs: 1, bootMs: 1, serialTail: `serial-${mark}`, endedAt: new Date(), machineGone: true },
    },
  })
  const snapshotSchedule = await db.snapshotSchedule.create({
    data: {
      ...{ vmId: vm.id, every: 'day', minute: 0, timeZone: 'UTC', keepCount: 7, withMemory: false },
      ...{ nextAt: new Date(Date.now() + 3600_000), createdBy: 'Owen' },
    },
  })
  const protectionPolicy = await db.protectionPolicy.create({
    data: {
      ...{ tenantId: tenant.id, name: `policy-${mark}`, madeBy: 'tenant', tags: ['prod'], timeZone: 'UTC' },
      schedules: [{ every: 'day', minute: 0, hour: 3, weekday: 1, monthday: 1 }],
      ...{ retention: { last: 3 }, datastoreId: datastore.id, lateAfterMinutes: 60, createdBy: 'Owen' },
      nextAt: new Date(Date.now() + 3600_000),
    },
  })
  const pool = await db.storagePool.create({
    data: {
      hostId: host.id,
      name: `pool-${mark}`,
      kind: 'dir',
      path: `/pool/${mark}`,
      active: true,
      availableBytes: 2n ** 40n,
      volumes: {
        create: ['base.qcow2', 'other.qcow2'].map((name) => ({
          ...{ name, path: `/pool/${mark}/${name}`, format: 'qcow2', capacityBytes: 2n ** 27n, allocationBytes: 1n },
        })),
      },
    },
  })
  const network = await db.network.create({
    data: { hostId: host.id, name: `network-${mark}`, mode: 'bridge', active: true, autostart: true },
  })
  const template = await db.template.create({
    data: {
      name: `template-${mark}`,
      operatingSystem: 'linux',
      poolName: pool.name,
      volumeName: 'base.qcow2',
      minMemoryBytes: 2n ** 27n,
      minDiskBytes: 2n ** 27n,
    },
  })
  const busyVm = await createVm(db, host, tenant.id, { name: `busy-${mark}` })
  const operation = await db.operation.create({
    data: {
      kind: 'power-vm',
      tenantId: tenant.id,
      targetKind: 'vm',
      targetId: busyVm.id,
      targetName: busyVm.name,
      exclusive: false,
      actorKind: 'user',
      actorId: cast.owner.id,
      actorName: 'Owen',
      input: { action: 'suspend' },
    },
  })
  const invitation = await db.tenantInvitation.create({
    data: {
      id: `invitation-${mark}`,
      tenantId: tenant.id,
      email: `invited-${mark}@example.test`,
      role: 'viewer',
      status: 'pending',
      expiresAt: new Date(Date.now() + 3600_000),
      inviterId: cast.owner.id,
    },
  })
  const savedView = await db.savedView.create({
    data: { userId: cast.owner.id, name: `view-${mark}`, page: '/fleet', query: 'q' },
  })
  const apiKey = await db.apiKey.create({
    data: { id: `key-${mark}`, name: `key-${mark}`, key: `hash-${mark}`, referenceId: cast.owner.id },
  })
  return {
    mark,
    tenant,
    ownerMember,
    viewerMember,
    otherMember,
    other,
    host,
    secondHost,
    emptySite,
    vm,
    busyVm,
    snapshot,
    datastore,
    archiveStore,
    emptyArchiveStore,
    archivalPolicy,
    emptyDatastore,
    recoveryPoint,
    bootTest,
    snapshotSchedule,
    protectionPolicy,
    pool,
    network,
    template,
    operation,
    invitation,
    savedView,
    apiKey,
  }
}

/** Texts that nobody outside the tenant may find in any answer. */
export const secretsOfTenant = (world: World): string[] => [
  world.tenant.id,
  world.tenant.name,
  world.vm.id,
  world.vm.uuid,
  world.vm.name,
  world.vm.notes,
  world.snapshot.name,
  world.snapshotSchedule.id,
  world.recoveryPoint.id,
  world.bootTest.id,
  world.bootTest.serialTail ?? '',
  world.archiveStore.id,
  world.archivalPolicy.id,
  world.archivalPolicy.name,
  world.protectionPolicy.id,
  world.protectionPolicy.name,
  world.busyVm.id,
  world.busyVm.name,
  world.operation.id,
  world.other.id,
  world.other.email,
  world.invitation.email,
  world.savedView.id,
  world.apiKey.id,
]

/** Texts that only operators may find: how hosts are reached, storage. */
export const secretsOfFleet = (world: World): string[] => [
  world.host.uri,
  world.pool.path ?? '',
  `/datastore/${world.mark}`,
  `/archive/${world.mark}`,
  world.emptyArchiveStore.id,
  world.pool.id,
  world.secondHost.id,
  // Nobody was granted it.
  world.network.name,
]
