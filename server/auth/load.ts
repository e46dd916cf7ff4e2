import type { Tx } from '#server/db.ts'
import { forbidden, notFound } from '#server/errors.ts'
import type { Actor } from './actor.ts'
import type { Trail } from './audit.ts'
import { type ActionOf, allowed, type Owner, type Resource } from './policy.ts'

/** What every procedure's context has of use here. */
export interface Asking {
  tx: Tx
  actor: Actor
  trail: Trail
}

interface Noun<R extends Resource, Row> {
  resource: R
  /** As a person reads it */
  word: string
  /** Its ids are uuids: one of another shape is no row, rather than an error of the database */
  byUuid?: true
  /** A row by id under the scope of the transaction */
  find: (tx: Tx, id: string) => Promise<Row | null>
  about: (row: Row) => { id: string; name: string } & Owner
}

const uuidShape = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/**
 * Fetches and checks in one: not there or not the actor's to see → not-found; seen but not allowed → forbidden with the
 * reason. The row becomes the resource of the audit entry.
 */
export function loader<R extends Resource, Row>(noun: Noun<R, Row>) {
  return async (ctx: Asking, id: string, action: ActionOf<R>): Promise<Row> => {
    const row = noun.byUuid && !uuidShape.test(id) ? null : await noun.find(ctx.tx, id)
    if (!row) throw notFound(noun.word, id)
    const about = noun.about(row)
    const seen = 'read' as ActionOf<R>
    if (allowed({ ...ctx.actor, readOnly: false }, noun.resource, seen, about) !== true) throw notFound(noun.word, id)
    ctx.trail.resource = { kind: noun.resource, id: about.id, name: about.name, tenantId: about.tenantId ?? null }
    demand(ctx, noun.resource, action, about)
    return row
  }
}

/** Checks what has no row yet (creating, inviting, listing). @throws forbidden with the reason */
export function demand<R extends Resource>(
  ctx: Omit<Asking, 'tx'>,
  resource: R,
  action: ActionOf<R>,
  owner: Owner = {},
): void {
  const answer = allowed(ctx.actor, resource, action, owner)
  if (answer !== true) throw forbidden(answer)
  ctx.trail.authorised = true
}

/** The one way to a row: `const vm = await load.vm(ctx, id, 'power')`. */
export const load = {
  vm: loader({
    resource: 'vm',
    word: 'VM',
    byUuid: true,
    find: (tx, id) => tx.vm.findUnique({ where: { id } }),
    about: (vm) => ({ id: vm.id, name: vm.name, tenantId: vm.tenantId }),
  }),
  /** As its VM. */
  snapshotSchedule: loader({
    resource: 'vm',
    word: 'snapshot schedule',
    byUuid: true,
    find: (tx, id) => tx.snapshotSchedule.findUnique({ where: { id }, include: { vm: true } }),
    about: ({ vm }) => ({ id: vm.id, name: vm.name, tenantId: vm.tenantId }),
  }),
  protectionPolicy: loader({
    resource: 'protection-policy',
    word: 'protection policy',
    byUuid: true,
    find: (tx, id) => tx.protectionPolicy.findUnique({ where: { id } }),
    about: ({ id, name, tenantId }) => ({ id, name, tenantId }),
  }),
  /** As the VM that it is of, which may be gone. */
  recoveryPoint: loader({
    resource: 'vm',
    word: 'recovery point',
    byUuid: true,
    find: (tx, id) => tx.recoveryPoint.findUnique({ where: { id }, omit: { definition: true } }),
    about: ({ vmId, vmUuid, vmName, tenantId }) => ({ id: vmId ?? vmUuid, name: vmName, tenantId }),
  }),
  /** Likewise, in whichever archive store. */
  archivedPoint: loader({
    resource: 'vm',
    word: 'recovery point',
    byUuid: true,
    find: (tx, id) => tx.archivedPoint.findFirst({ where: { id }, omit: { definition: true } }),
    about: ({ vmId, vmUuid, vmName, tenantId }) => ({ id: vmId ?? vmUuid, name: vmName, tenantId }),
  }),
  /** As the VM that it is of. */
  bootTest: loader({
    resource: 'vm',
    word: 'boot test',
    byUuid: true,
    find: (tx, id) => tx.bootTest.findUnique({ where: { id } }),
    about: ({ vmId, vmUuid, vmName, tenantId }) => ({ id: vmId ?? vmUuid, name: vmName, tenantId }),
  }),
  operation: loader({
    resource: 'operation',
    word: 'operation',
    byUuid: true,
    find: (tx, id) => tx.operation.findUnique({ where: { id } }),
    about: (operation) => ({ id: operation.id, name: operation.targetName, tenantId: operation.tenantId }),
  }),
  site: loader({
    resource: 'site',
    word: 'site',
    byUuid: true,
    find: (tx, id) => tx.site.findUnique({ where: { id } }),
    about: (site) => ({ id: site.id, name: site.name }),
  }),
  host: loader({
    resource: 'host',
    word: 'host',
    byUuid: true,
    find: (tx, id) => tx.host.findUnique({ where: { id }, omit: { credential: true } }),
    about: (host) => ({ id: host.id, name: host.name }),
  }),
  /** By name: one name on several hosts is one network */
  network: loader({
    resource: 'network',
    word: 'network',
    find: (tx, name) => tx.network.findFirst({ where: { name } }),
    about: ({ name }) => ({ id: name, name }),
  }),
  datastore: loader({
    resource: 'datastore',
    word: 'datastore',
    byUuid: true,
    find: (tx, id) => tx.datastore.findUnique({ where: { id } }),
    about: (datastore) => ({ id: datastore.id, name: datastore.name }),
  }),
  archiveStore: loader({
    resource: 'archive-store',
    word: 'archive store',
    byUuid: true,
    find: (tx, id) => tx.archiveStore.findUnique({ where: { id } }),
    about: (store) => ({ id: store.id, name: store.name }),
  }),
  archivalPolicy: loader({
    resource: 'archive',
    word: 'archival policy',
    byUuid: true,
    find: (tx, id) => tx.archivalPolicy.findUnique({ where: { id } }),
    about: (policy) => ({ id: policy.id, name: policy.name, tenantId: policy.tenantId }),
  }),
  template: loader({
    resource: 'template',
    word: 'template',
    byUuid: true,
    find: (tx, id) => tx.template.findUnique({ where: { id } }),
    about: (template) => ({ id: template.id, name: template.name }),
  }),
  tenant: loader({
    resource: 'tenant',
    word: 'tenant',
    find: (tx, id) => tx.tenant.findUnique({ where: { id } }),
    about: (tenant) => ({ id: tenant.id, name: tenant.name, tenantId: tenant.id }),
  }),
  member: loader({
    resource: 'member',
    word: 'member',
    find: (tx, id) => tx.tenantMember.findUnique({ where: { id }, include: { user: true, tenant: true } }),
    about: (member) => ({ id: member.id, name: member.user.name, tenantId: member.tenantId }),
  }),
  invitation: loader({
    resource: 'member',
    word: 'invitation',
    find: (tx, id) => tx.tenantInvitation.findUnique({ where: { id } }),
    // The id is the secret of the invitation's link.
    about: (invitation) => ({ id: invitation.email, name: invitation.email, tenantId: invitation.tenantId }),
  }),
  user: loader({
    resource: 'user',
    word: 'person',
    find: (tx, id) => tx.user.findUnique({ where: { id } }),
    about: (user) => ({ id: user.id, name: user.name }),
  }),
  savedView: loader({
    resource: 'saved-view',
    word: 'saved view',
    byUuid: true,
    find: (tx, id) => tx.savedView.findUnique({ where: { id } }),
    about: (view) => ({ id: view.id, name: view.name, userId: view.userId }),
  }),
  apiKey: loader({
    resource: 'api-key',
    word: 'API key',
    find: (tx, id) => tx.apiKey.findUnique({ where: { id }, omit: { key: true } }),
    about: (key) => ({ id: key.id, name: key.name ?? key.start ?? key.id, userId: key.referenceId }),
  }),
}
