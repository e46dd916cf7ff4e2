import {
  type Answers,
  asked,
  everyone,
  hidden,
  membersUp,
  operators,
  operatorsRow,
  tenantOf,
  tenants,
  type WalkCase,
} from '#server/testing/walk-case.ts'
import type { World } from '#server/testing/world.ts'
import { protectionCases } from './walk-protection.cases.ts'

const vmOf = ({ vm }: World) => ({ id: vm.id })
const hostOf = ({ host }: World) => ({ id: host.id })
const userOf = ({ other }: World) => ({ userId: other.id })
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

  ...protectionCases,

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
  'template.edit': asked(
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
  'vm.rights': asked(undefined, ...everyone),
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
    ...(['not-found', 'forbidden', 'ok', 'conflict'] satisfies Answers),
  ),
  'vm.bulkSnapshot': asked(
    (w) => ({ ids: [w.vm.id], name: `bulk-${w.mark}` }),
    ...(['not-found', 'forbidden', 'ok', 'conflict'] satisfies Answers),
  ),
  'vm.bulkMigrate': asked(
    (w) => ({ ids: [w.vm.id], destinationHostId: w.secondHost.id }),
    ...(['not-found', 'forbidden', 'forbidden', 'conflict'] satisfies Answers),
  ),
  'vm.bulkMigratePlan': asked((w) => ({ ids: [w.vm.id], destinationHostId: w.secondHost.id }), ...everyone),
  'vm.migratePreview': asked(vmOf, ...operatorsRow),
  'vm.migrate': asked(
    (w) => ({ ...vmOf(w), destinationHostId: w.secondHost.id }),
    ...(['not-found', 'forbidden', 'forbidden', 'conflict'] satisfies Answers),
  ),
  'vm.setTags': asked((w) => ({ ids: [w.vm.id], add: ['prod'], remove: [] }), ...membersUp),
  'vm.setProtected': asked((w) => ({ ...vmOf(w), protected: true }), ...membersUp),
  'vm.assign': asked((w) => ({ ids: [w.vm.id], tenantId: null }), ...operatorsRow),
}
