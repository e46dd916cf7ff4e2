import {
  type Answers,
  asked,
  begunOnce,
  everyone,
  hidden,
  membersUp,
  operators,
  tenantOf,
  tenants,
  type WalkCase,
} from '#server/testing/walk-case.ts'
import type { World } from '#server/testing/world.ts'

const onVm = ({ vm }: World) => ({ vmId: vm.id })
const filesOf = ({ recoveryPoint }: World) => ({ recoveryPointId: recoveryPoint.id, disk: 'vda', volume: 1, path: [] })
const schedule = { every: 'day', minute: 5, timeZone: 'UTC', keepCount: 3 }
const protectionPolicy = (w: World) => ({
  ...{ name: `policy-${w.mark}`, tags: ['prod'], schedules: [{ every: 'day', minute: 5, hour: 3 }], timeZone: 'UTC' },
  ...{ retention: { last: 2, daily: 7 }, datastoreId: w.datastore.id, lateAfterMinutes: 60 },
})
const archiveStore = {
  ...{ location: { kind: 'folder', path: '/srv/x' }, currency: 'EUR', pricePerGbMonth: 1, pricePerGbRead: 1 },
  ...{ firstByteSeconds: 0, lockDays: null },
}
const archivalOf = ({ archiveStore: { id } }: World) => ({
  ...{ archiveStoreId: id, allVms: true, which: 'every', begins: 'age', minAgeDays: 7, timeZone: 'UTC' },
  ...{ keepDays: 30, localCopy: 'keep' },
})

/** Of backups, archives and what is around them. */
export const protectionCases: Record<string, WalkCase> = {
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
  'archiveStore.verify': asked((w) => ({ id: w.archiveStore.id }), ...operators),
  'archiveStore.setVerifyDays': asked((w) => ({ id: w.archiveStore.id, verifyDays: 90 }), ...operators),
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
}
