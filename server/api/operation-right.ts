import type { Operation } from '#prisma/generated/client.ts'
import type { Actor } from '#server/auth/actor.ts'
import { type Asking, demand, load } from '#server/auth/load.ts'
import { type ActionOf, allowed } from '#server/auth/policy.ts'
import { unsafeWholeFleet } from '#server/core/whole-fleet.ts'
import { liveStates, type OperationKind } from '#server/schema/operation.ts'

type Right =
  | { vm: ActionOf<'vm'> }
  | { host: ActionOf<'host'> }
  | { datastore: ActionOf<'datastore'> }
  | { archive: ActionOf<'archive'> }

/** What whoever starts an operation of this kind has to be allowed. */
const rights: Record<OperationKind, Right> = {
  'power-vm': { vm: 'power' },
  'create-vm': { vm: 'create' },
  'clone-vm': { vm: 'clone' },
  'edit-vm': { vm: 'edit' },
  'edit-vm-xml': { vm: 'edit-xml' },
  'delete-vm': { vm: 'delete' },
  'migrate-vm': { vm: 'migrate' },
  'measure-vm': { vm: 'migrate' },
  // Operators alone: a template is the fleet's, and everybody may make VMs of it.
  'make-template': { vm: 'migrate' },
  'take-snapshot': { vm: 'snapshot' },
  'revert-snapshot': { vm: 'snapshot' },
  'delete-snapshot': { vm: 'snapshot' },
  'back-up-vm': { vm: 'backup' },
  'restore-vm': { vm: 'restore' },
  'measure-restore': { vm: 'restore' },
  'restore-new-vm': { vm: 'restore' },
  'boot-test-vm': { vm: 'restore' },
  'clone-recovery-point': { vm: 'restore' },
  'keep-clone': { vm: 'clone' },
  'follow-source': { vm: 'restore' },
  'remove-recovery-points': { vm: 'delete-backup' },
  'save-archive-store': { datastore: 'edit' },
  'archive-recovery-points': { archive: 'run' },
  'bring-back-recovery-point': { vm: 'restore' },
  'add-datastore': { datastore: 'create' },
  'edit-datastore': { datastore: 'edit' },
  'remove-datastore': { datastore: 'delete' },
  'test-store': { datastore: 'test' },
  'verify-datastore': { datastore: 'verify' },
  'compact-datastore': { datastore: 'compact' },
  'verify-archive-store': { datastore: 'verify' },
  'drain-host': { host: 'drain' },
  'test-host': { host: 'test' },
  'add-host': { host: 'create' },
  'edit-host': { host: 'edit' },
  'remove-host': { host: 'delete' },
  'bulk-vm': { vm: 'power' },
  'undo-operation': { vm: 'create' },
}

const rightOf = (kind: string): Right => rights[kind as OperationKind] ?? { host: 'delete' }

function demandRight(ctx: Asking, kind: string, tenantId: string | null): void {
  const right = rightOf(kind)
  if ('vm' in right) demand(ctx, 'vm', right.vm, { tenantId })
  else if ('archive' in right) demand(ctx, 'archive', right.archive, { tenantId })
  else if ('datastore' in right) demand(ctx, 'datastore', right.datastore)
  else demand(ctx, 'host', right.host)
}

/** Whether the actor may start operations of this kind in this tenant. */
export function mayStart(actor: Actor, kind: string, tenantId: string | null): boolean {
  const right = rightOf(kind)
  if ('vm' in right) return allowed(actor, 'vm', right.vm, { tenantId }) === true
  if ('archive' in right) return allowed(actor, 'archive', right.archive, { tenantId }) === true
  if ('datastore' in right) return allowed(actor, 'datastore', right.datastore) === true
  return allowed(actor, 'host', right.host) === true
}

/**
 * The operation, for whoever may start one of its kind now: stopping and repeating need the same right. It is asked of
 * the VM as it is today: one that was given to another tenant since is that tenant's to decide about, and to the one
 * before not there any more.
 */
export async function loadWithRight(ctx: Asking, id: string): Promise<Operation> {
  const operation = await load.operation(ctx, id, 'cancel')
  const right = rightOf(operation.kind)
  const { resource } = ctx.trail
  if ('vm' in right && operation.targetKind === 'vm' && (await isThere(ctx, operation.targetId))) {
    await load.vm(ctx, operation.targetId, right.vm)
  } else demandRight(ctx, operation.kind, operation.tenantId)
  if (resource) ctx.trail.resource = resource
  return operation
}

const isThere = ({ tx }: Asking, id: string) =>
  unsafeWholeFleet(tx, async () => (await tx.vm.count({ where: { id } })) > 0)

/** Stopping a bulk operation stops its parts, so it needs what each of them needs. */
export async function demandParts(ctx: Asking, operation: Operation): Promise<void> {
  const parts = await ctx.tx.operation.findMany({
    where: { parentId: operation.id, state: { in: [...liveStates] } },
    distinct: ['kind', 'tenantId'],
    select: { kind: true, tenantId: true },
  })
  for (const { kind, tenantId } of parts) demandRight(ctx, kind, tenantId)
}
