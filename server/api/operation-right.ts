import type { Operation } from '#prisma/generated/client.ts'
import { type Asking, demand, load } from '#server/auth/load.ts'
import type { ActionOf } from '#server/auth/policy.ts'
import type { OperationKind } from '#server/schema/operation.ts'

type Right = { vm: ActionOf<'vm'> } | { host: ActionOf<'host'> }

/** What whoever started an operation of this kind had to be allowed. */
const rights: Record<OperationKind, Right> = {
  'power-vm': { vm: 'power' },
  'create-vm': { vm: 'create' },
  'clone-vm': { vm: 'clone' },
  'edit-vm': { vm: 'edit' },
  'edit-vm-xml': { vm: 'edit-xml' },
  'delete-vm': { vm: 'delete' },
  'migrate-vm': { vm: 'migrate' },
  'measure-vm': { vm: 'migrate' },
  'drain-host': { host: 'drain' },
  'test-host': { host: 'test' },
  'add-host': { host: 'create' },
  'remove-host': { host: 'delete' },
  'bulk-vm': { vm: 'power' },
}

/** The operation, for whoever may start one of its kind: stopping and repeating need the same right. */
export async function loadWithRight(ctx: Asking, id: string): Promise<Operation> {
  const operation = await load.operation(ctx, id, 'cancel')
  const right = rights[operation.kind as OperationKind]
  if ('vm' in right) demand(ctx, 'vm', right.vm, { tenantId: operation.tenantId })
  else demand(ctx, 'host', right.host)
  return operation
}
