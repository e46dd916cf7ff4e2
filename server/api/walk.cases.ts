import type { ErrorCode } from '#server/errors.ts'
import type { World } from '#server/testing/world.ts'

export type Answer = 'ok' | ErrorCode

/**
 * What each procedure says when asked about a tenant's rows: by the owner of another tenant, by the tenant's viewer and
 * owner, by an operator. Nobody and an expired session get `unauthenticated`, but where `nobody` says otherwise.
 * Every procedure of the root router must have a case; the answers of `owner` and `operator` show that the input is
 * sound, so that a refusal of the others is for who they are.
 */
export interface WalkCase {
  input?: (world: World) => unknown
  nobody?: Answer
  stranger: Answer
  viewer: Answer
  owner: Answer
  operator: Answer
}

type Answers = [stranger: Answer, viewer: Answer, owner: Answer, operator: Answer]
const asked = (
  input: ((world: World) => unknown) | undefined,
  ...[stranger, viewer, owner, operator]: Answers
): WalkCase => ({
  ...(input ? { input } : {}),
  stranger,
  viewer,
  owner,
  operator,
})
const everyone: Answers = ['ok', 'ok', 'ok', 'ok']
const tenants: Answers = ['not-found', 'ok', 'ok', 'ok']
const membersUp: Answers = ['not-found', 'forbidden', 'ok', 'ok']
/** The owner's goes on when the operator asks for the same. */
const begunOnce: Answers = ['not-found', 'forbidden', 'ok', 'conflict']
/** Of a tenant's row that tenants see but operators change. */
const operatorsRow: Answers = ['not-found', 'forbidden', 'forbidden', 'ok']
const operators: Answers = ['forbidden', 'forbidden', 'forbidden', 'ok']
const hidden: Answers = ['not-found', 'not-found', 'not-found', 'ok']

const tenantOf = ({ tenant }: World) => ({ tenantId: tenant.id })
const vmOf = ({ vm }: World) => ({ id: vm.id })
const onVm = ({ vm }: World) => ({ vmId: vm.id })
const filesOf = ({ recoveryPoint }: World) => ({ recoveryPointId: recoveryPoint.id, disk: 'vda', volume: 1, path: [] })
const schedule = { every: 'day', minute: 5, timeZone: 'UTC', keepCount: 3 }
const protectionPolicy = (w: World) => ({
  ...{ name: `policy-${w.mark}`, tags: ['prod'], schedules: [{ every: 'day', minute: 5, hour: 3 }], timeZone: 'UTC' },
  ...{ retention: { last: 2, daily: 7 }, datastoreId: w.datastore.id, lateAfterMinutes: 60 },
})
const hostOf = ({ host }: World) => ({ id: host.id })
const userOf = ({ other }: World) => ({ userId: other.id })
const archiveStore = {
  ...{ location: { kind: 'folder', path: '/srv/x' }, currency: 'EUR', pricePerGbMonth: 1, pricePerGbRead: 1 },
  ...{ firstByteSeconds: 0, lockDays: null },
}
const archivalOf = ({ archiveStore: { id } }: World) => ({
  ...{ archiveStoreId: id, allVms: true, which: 'every', begins: 'age', minAgeDays: 7, timeZone: 'UTC' },
  ...{ keepDays: 30, localCopy: 'keep' },
})
const site = { kind: 'edge', latitude: 1, longitude: 1 }
const template = {
  ...{ operatingSystem: 'Linux', cloudInit: true, defaultVcpus: 1 },
  ...{ minMemoryBytes: 2 ** 27, minDiskBytes: 2 ** 27 },
}

export const walkCases: Record<string, WalkCase> = {
  'session.options': { ...asked(undefined, ...everyone), nobody: 'ok' },
  'session.me': asked(undefined, ...everyone),
  'session.switchTenant': asked(tenantOf, 'forbidden', 'ok', 'ok', 'ok'),
  'session.invitation': { ...asked((w) => ({ invitationId: w.invitation.id }), ...everyone), nobody: 'ok' },
  'session.acceptInvitation': asked(
    (w) => ({ invitationId: w.invitation.id }),
    ...(['forbidden', 'forbidden', 'forbidden', 'forbidden'] satisfies Answers),
  ),
  'session.signUp': {
    ...asked(
      (w) => ({ name: 'X', email: `x-${w.mark}@example.test`, password: 'x'.repeat(12) }),
      ...(['forbidden', 'forbidden', 'forbidden', 'forbidden'] satisfies Answers),
    ),
    nobody: 'forbidden',
  },

  'backup.list': asked(onVm, ...tenants),
  'backup.start': asked((w) => ({ ...onVm(w), datastoreId: w.datastore.id }), ...begunOnce),
  'backup.restore': asked((w) => ({ ...onVm(w), recoveryPointId: w.recoveryPoint.id }), ...begunOnce),
  'backup.measureRestore': asked((w) => ({ ...onVm(w), recoveryPointId: w.recoveryPoint.id }), ...membersUp),
  'recoveryPoint.vms': asked(undefined, ...everyone),
  'recoveryPoint.list': asked((w) => ({ vmUuid: w.vm.uuid }), ...tenants),
  'recoveryPoint.places': asked(
    (w) => ({ recoveryPointId: w.recoveryPoint.id, start: false }),
    ...(['not-found', 'forbidden', 'unsupported', 'unsupported'] satisfies Answers),
  ),
  'recoveryPoint.restoreNew': asked(
    (w) => ({ recoveryPointId: w.recoveryPoint.id, name: `again-${w.mark}`, place: { siteId: w.host.siteId } }),
    ...(['not-found', 'forbidden', 'unsupported', 'unsupported'] satisfies Answers),
  ),
  'bootTest.start': asked(
    (w) => ({ recoveryPointId: w.recoveryPoint.id }),
    ...(['not-found', 'forbidden', 'unsupported', 'unsupported'] satisfies Answers),
  ),
  'bootTest.evidence': asked((w) => ({ id: w.bootTest.id }), ...membersUp),
  'recoveryPoint.clone': asked(
    (w) => ({ recoveryPointId: w.recoveryPoint.id, name: `clone-${w.mark}`, place: { siteId: w.host.siteId } }),
    ...(['not-found', 'forbidden', 'unsupported', 'unsupported'] satisfies Answers),
  ),
  'backup.remove': asked((w) => ({ ids: [w.recoveryPoint.id] }), ...membersUp),
  'recoveryFile.volumes': asked((w) => ({ recoveryPointId: w.recoveryPoint.id }), ...membersUp),
  // It has no disk; that a member is told so shows that only its right is missing.
  'recoveryFile.list': asked(filesOf, 'not-found', 'forbidden', 'invalid', 'invalid'),
  'recoveryFile.measure': asked(filesOf, 'not-found', 'forbidden', 'invalid', 'invalid'),
  'archiveStore.list': asked(undefined, ...operators),
  'archiveStore.test': asked(() => ({ location: { kind: 'folder', path: '/srv/x' } }), ...operators),
  'archiveStore.save': asked((w) => ({ ...archiveStore, name: `New ${w.mark}` }), ...operators),
  'archiveStore.remove': asked((w) => ({ id: w.emptyArchiveStore.id }), ...operators),
  'archiveStore.grant': asked(
    (w) => ({
      ...{ id: w.emptyArchiveStore.id, ...tenantOf(w) },
      limits: { maxBytes: null, minKeepDays: 1, maxKeepDays: 9, mayDeleteLocal: false },
    }),
    ...operators,
  ),
  'archive.get': asked(tenantOf, ...tenants),
  'archive.preview': asked((w) => ({ ...tenantOf(w), ...archivalOf(w) }), ...tenants),
  'archive.createPolicy': asked((w) => ({ ...tenantOf(w), ...archivalOf(w), name: `new-${w.mark}` }), ...begunOnce),
  'archive.editPolicy': asked(
    (w) => ({ id: w.archivalPolicy.id, ...archivalOf(w), name: `re-${w.mark}` }),
    ...membersUp,
  ),
  'archive.run': asked((w) => ({ id: w.archivalPolicy.id }), ...begunOnce),
  'archive.deletePolicy': asked((w) => ({ id: w.archivalPolicy.id }), 'not-found', 'forbidden', 'ok', 'not-found'),
  'archive.showKey': asked(tenantOf, ...membersUp),
  'archive.points': asked(onVm, ...tenants),
  'archive.bringBack': asked(
    (w) => ({
      ...{ ...onVm(w), recoveryPointId: w.recoveryPoint.id },
      ...{ archiveStoreId: w.archiveStore.id, datastoreId: w.datastore.id },
    }),
    ...begunOnce,
  ),
  'datastore.list': asked(undefined, ...operators),
  'datastore.add': asked(
    (w) => ({ name: `New ${w.mark}`, location: { kind: 'folder', path: '/srv/x' } }),
    ...operators,
  ),
  'datastore.test': asked(() => ({ location: { kind: 'folder', path: '/srv/x' } }), ...operators),
  'datastore.get': asked((w) => ({ id: w.datastore.id }), ...hidden),
  'datastore.recoveryPoints': asked((w) => ({ id: w.datastore.id }), ...hidden),
  'datastore.measure': asked((w) => ({ id: w.datastore.id }), ...operators),
  'datastore.verify': asked((w) => ({ id: w.datastore.id }), ...operators),
  'datastore.compact': asked((w) => ({ id: w.datastore.id }), ...operators),
  'datastore.setVerifyDays': asked((w) => ({ id: w.datastore.id, verifyDays: 7 }), ...operators),
  'datastore.edit': asked((w) => ({ id: w.datastore.id, name: `Re ${w.mark}` }), ...operators),
  'datastore.remove': asked((w) => ({ id: w.emptyDatastore.id }), ...operators),

  'protection.counts': asked(undefined, ...everyone),
  'protection.list': asked(() => ({}), ...everyone),
  'protection.vm': asked(onVm, ...tenants),
  'protection.policies': asked(undefined, ...everyone),
  'protection.preview': asked(
    (w) => ({ ...tenantOf(w), tags: ['prod'], retention: { last: 1 }, timeZone: 'UTC' }),
    ...tenants,
  ),
  'protection.create': asked((w) => ({ ...tenantOf(w), ...protectionPolicy(w), name: `new-${w.mark}` }), ...begunOnce),
  'protection.edit': asked((w) => ({ id: w.protectionPolicy.id, ...protectionPolicy(w) }), ...membersUp),
  'protection.run': asked((w) => ({ id: w.protectionPolicy.id }), ...membersUp),
  'protection.delete': asked((w) => ({ id: w.protectionPolicy.id }), 'not-found', 'forbidden', 'ok', 'not-found'),
  'snapshot.list': asked(onVm, ...tenants),
  'snapshot.take': asked((w) => ({ ...onVm(w), name: `new-${w.mark}` }), ...begunOnce),
  'snapshot.revert': asked((w) => ({ ...onVm(w), name: w.snapshot.name }), ...begunOnce),
  'snapshot.delete': asked((w) => ({ ...onVm(w), name: w.snapshot.name }), ...begunOnce),
  'snapshot.createSchedule': asked((w) => ({ ...onVm(w), ...schedule }), ...membersUp),
  'snapshot.editSchedule': asked((w) => ({ id: w.snapshotSchedule.id, ...schedule }), ...membersUp),
  'snapshot.deleteSchedule': asked((w) => ({ id: w.snapshotSchedule.id }), 'not-found', 'forbidden', 'ok', 'not-found'),

  'tenant.list': asked(undefined, ...everyone),
  'tenant.get': asked(tenantOf, ...tenants),
  'tenant.create': asked((w) => ({ name: `New ${w.mark}` }), ...operators),
  'tenant.rename': asked((w) => ({ ...tenantOf(w), name: `Re ${w.mark}` }), ...membersUp),
  'tenant.setQuota': asked((w) => ({ ...tenantOf(w), quotaVms: 3 }), ...operatorsRow),
  'tenant.delete': asked(tenantOf, 'not-found', 'forbidden', 'forbidden', 'conflict'),

  'member.list': asked(tenantOf, ...tenants),
  'member.invite': asked((w) => ({ ...tenantOf(w), email: `y-${w.mark}@example.test`, role: 'member' }), ...membersUp),
  'member.withdrawInvitation': asked(
    (w) => ({ invitationId: w.invitation.id }),
    'not-found',
    'forbidden',
    'ok',
    'conflict',
  ),
  'member.changeRole': asked((w) => ({ memberId: w.otherMember.id, role: 'viewer' }), ...membersUp),
  'member.remove': asked((w) => ({ memberId: w.otherMember.id }), 'not-found', 'forbidden', 'ok', 'not-found'),
  'member.leave': asked(tenantOf, 'not-found', 'ok', 'conflict', 'conflict'),

  'user.list': asked(() => ({}), ...operators),
  'user.create': asked((w) => ({ name: 'Z', email: `z-${w.mark}@example.test` }), ...operators),
  'user.resetPassword': asked(userOf, ...operators),
  'user.removeSecondFactor': asked(userOf, ...operators),
  'user.grantOperator': asked(userOf, ...operators),
  'user.revokeOperator': asked(userOf, ...operators),
  'user.remove': asked(userOf, ...operators),

  'apiKey.list': asked(undefined, ...everyone),
  'apiKey.create': asked((w) => ({ name: 'key', tenantId: w.tenant.id }), 'forbidden', 'ok', 'ok', 'ok'),
  'apiKey.revoke': asked((w) => ({ apiKeyId: w.apiKey.id }), 'not-found', 'not-found', 'ok', 'not-found'),

  'audit.list': asked(tenantOf, 'forbidden', 'forbidden', 'ok', 'ok'),
  'audit.check': asked(tenantOf, 'forbidden', 'forbidden', 'ok', 'ok'),

  'fleet.places': asked(undefined, ...everyone),
  'fleet.search': asked((w) => ({ text: w.mark }), ...everyone),
  'live.changes': asked(undefined, ...everyone),
  'live.stats': asked((w) => ({ vmIds: [w.vm.id] }), ...everyone),

  'savedView.list': asked(() => ({ page: '/fleet' }), ...everyone),
  'savedView.save': asked((w) => ({ name: `mine-${w.mark}`, page: '/fleet', query: 'q' }), ...everyone),
  'savedView.delete': asked((w) => ({ id: w.savedView.id }), 'not-found', 'not-found', 'ok', 'not-found'),

  'site.capacity': asked(undefined, ...operators),
  'site.create': asked((w) => ({ ...site, name: `New ${w.mark}` }), ...operators),
  'site.update': asked((w) => ({ ...site, id: w.emptySite.id, name: `Re ${w.mark}` }), ...operators),
  'site.delete': asked((w) => ({ id: w.emptySite.id }), ...operators),
  'host.list': asked(undefined, ...operators),
  'host.get': asked(hostOf, ...hidden),
  'host.test': asked((w) => ({ uri: `qemu+tls://${w.mark}/system` }), ...operators),
  'host.add': asked(
    (w) => ({ name: `new-${w.mark}`, siteId: w.emptySite.id, uri: `qemu+tls://${w.mark}/system` }),
    ...operators,
  ),
  'host.edit': asked((w) => ({ ...hostOf(w), name: `re-${w.mark}` }), ...operators),
  'host.remove': asked(hostOf, ...operators),
  'host.drainPlan': asked(hostOf, ...hidden),
  'host.drain': asked(hostOf, ...operators),
  'host.undrain': asked(hostOf, ...operators),
  'network.list': asked(undefined, ...operators),
  'network.names': asked(tenantOf, ...everyone),
  'network.grants': asked(undefined, ...operators),
  'network.setGrants': asked(
    (w) => ({ name: w.network.name, allTenants: false, tenantIds: [w.tenant.id] }),
    ...operators,
  ),
  'storage.list': asked(undefined, ...operators),
  'storage.volumes': asked((w) => ({ storagePoolId: w.pool.id }), ...operators),
  'template.list': asked(undefined, ...everyone),
  'template.images': asked(() => ({}), ...operators),
  'template.use': asked((w) => ({ id: w.template.id }), ...operators),
  'template.create': asked(
    (w) => ({ ...template, name: `new-${w.mark}`, poolName: w.pool.name, volumeName: 'other.qcow2' }),
    ...operators,
  ),
  // Its VM runs.
  'template.makeOfVm': asked(
    (w) => ({ ...template, vmId: w.vm.id, name: `of-${w.mark}`, poolName: w.pool.name }),
    ...(['forbidden', 'forbidden', 'forbidden', 'conflict'] satisfies Answers),
  ),
  'template.update': asked(
    (w) => ({ ...template, id: w.template.id, name: `re-${w.mark}`, poolName: w.pool.name, volumeName: 'base.qcow2' }),
    ...operators,
  ),
  'template.delete': asked((w) => ({ id: w.template.id }), ...operators),

  'operation.list': asked(() => ({}), ...everyone),
  'operation.get': asked((w) => ({ id: w.operation.id }), ...tenants),
  'operation.cancel': asked((w) => ({ id: w.operation.id }), ...membersUp),
  'operation.cleanUp': asked((w) => ({ id: w.operation.id }), 'not-found', 'forbidden', 'conflict', 'conflict'),
  'operation.retry': asked((w) => ({ id: w.operation.id }), 'not-found', 'forbidden', 'conflict', 'conflict'),

  'vm.list': asked(() => ({}), ...everyone),
  'vm.counts': asked(() => ({}), ...everyone),
  'vm.get': asked(vmOf, ...tenants),
  'vm.xml': asked(vmOf, ...membersUp),
  'vm.events': asked(vmOf, ...tenants),
  'vm.power': asked((w) => ({ ...vmOf(w), action: 'suspend' }), 'not-found', 'forbidden', 'ok', 'conflict'),
  'vm.create': asked(
    (w) => ({
      name: `new-${w.mark}`,
      tenantId: w.tenant.id,
      siteId: w.host.siteId,
      templateId: null,
      vcpuCount: 1,
      memoryBytes: 2 ** 27,
      disks: [{ sizeBytes: 2 ** 27 }],
      networks: [],
    }),
    ...(['forbidden', 'forbidden', 'ok', 'conflict'] satisfies Answers),
  ),
  'vm.clone': asked((w) => ({ ...vmOf(w), name: `twin-${w.mark}` }), 'not-found', 'forbidden', 'conflict', 'conflict'),
  // It shares nothing.
  'vm.keep': asked(vmOf, 'not-found', 'forbidden', 'conflict', 'conflict'),
  'vm.edit': asked((w) => ({ ...vmOf(w), notes: 'other' }), 'not-found', 'forbidden', 'ok', 'conflict'),
  'vm.editXml': asked((w) => ({ ...vmOf(w), xml: '<domain><name>x</name></domain>' }), ...operatorsRow),
  'vm.delete': asked(vmOf, 'not-found', 'forbidden', 'conflict', 'conflict'),
  'vm.measure': asked(vmOf, ...operatorsRow),
  'vm.bulkPower': asked(
    (w) => ({ ids: [w.vm.id], action: 'suspend' }),
    ...(['conflict', 'conflict', 'ok', 'conflict'] satisfies Answers),
  ),
  'vm.bulkSnapshot': asked(
    (w) => ({ ids: [w.vm.id], name: `bulk-${w.mark}` }),
    ...(['conflict', 'conflict', 'ok', 'conflict'] satisfies Answers),
  ),
  'vm.bulkMigrate': asked(
    (w) => ({ ids: [w.vm.id], destinationHostId: w.secondHost.id }),
    ...(['conflict', 'conflict', 'conflict', 'conflict'] satisfies Answers),
  ),
  'vm.migratePreview': asked(vmOf, ...operatorsRow),
  'vm.migrate': asked(
    (w) => ({ ...vmOf(w), destinationHostId: w.secondHost.id }),
    ...(['not-found', 'forbidden', 'forbidden', 'conflict'] satisfies Answers),
  ),
  'vm.setTags': asked((w) => ({ ids: [w.vm.id], add: ['prod'], remove: [] }), ...membersUp),
  'vm.setProtected': asked((w) => ({ ...vmOf(w), protected: true }), ...membersUp),
  'vm.assign': asked((w) => ({ ids: [w.vm.id], tenantId: null }), ...operatorsRow),
}
