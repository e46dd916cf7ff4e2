import { z } from 'zod'
import type { Vm } from '#prisma/generated/client.ts'
import type { Asking } from '#server/auth/load.ts'
import type { ActionOf } from '#server/auth/policy.ts'
import { type PlannedMove, planMoves } from '#server/core/bulk-move-plan.ts'
import { type Moves, readMoves } from '#server/core/migration-candidate.ts'
import { enqueue, type NewOperation } from '#server/core/operation.ts'
import { migrationOf, powerOf, snapshotOf } from '#server/core/vm-request.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import type { OperationKind } from '#server/schema/operation.ts'
import { TakeSnapshotInput } from '#server/schema/snapshot.ts'
import { VmId } from '#server/schema/vm.ts'
import { MigrateInput, PowerInput } from '#server/schema/vm-action.ts'
import { asker } from './asker.ts'
import { change, costly, router, signedIn } from './trpc.ts'
import { type Refusal, Refusals } from './vm-each.ts'

const Ids = { ids: z.array(VmId).min(1).max(500) }
/** Those that may stand still while they move, for they can't move otherwise */
const BulkMigrateInput = MigrateInput.omit({ mayStandStill: true }).extend({
  ...Ids,
  standStill: z.array(VmId).max(500).default([]),
})
type Ctx = Asking & { requestId: string }

/** One action on many VMs: an operation for each that may and can, and the reason for each that may not or can't. */
export const vmBulkRouter = router({
  bulkPower: change('vm', 'power')
    .input(PowerInput.extend(Ids))
    .mutation(({ ctx, input: { ids, ...input } }) => {
      ctx.trail.detail = { action: input.action }
      return enqueueMany(
        ctx,
        ids,
        'power',
        input.action,
        (vm) => powerOf(vm, input),
        async () => null,
      )
    }),

  bulkSnapshot: change('vm', 'snapshot')
    .input(TakeSnapshotInput.extend(Ids))
    .mutation(({ ctx, input: { ids, ...input } }) => {
      ctx.trail.detail = { snapshot: input.name, withMemory: input.withMemory }
      const asked = new Map<string | null, number>()
      const wantedFor = async (vm: Vm) => {
        const beside = asked.get(vm.tenantId) ?? 0
        const wanted = await snapshotOf(ctx.tx, vm, input, beside)
        asked.set(vm.tenantId, beside + 1)
        return wanted
      }
      return enqueueMany(ctx, ids, 'snapshot', 'snapshot', wantedFor, async () => null)
    }),

  /** How each would move to the host, or why it would stay: shown before they are asked to. */
  bulkMigratePlan: signedIn
    .input(z.object({ ...Ids, destinationHostId: z.uuid() }))
    .use(costly(30, 60))
    .query(async ({ ctx, input: { ids, destinationHostId } }) => {
      const refusals = new Refusals(ctx.trail)
      const moves = await planMoves(ctx.tx, await refusals.loadAllowed(ctx, ids, 'migrate'), destinationHostId)
      return [...moves, ...refusals.refused.map(staying)]
    }),

  bulkMigrate: change('vm', 'migrate')
    .input(BulkMigrateInput)
    .mutation(({ ctx, input: { ids, standStill, ...input } }) => {
      ctx.trail.detail = { to: input.destinationHostId }
      const wantedFor = (vm: Vm, moves: Moves) =>
        migrationOf(moves, vm, { ...input, mayStandStill: standStill.includes(vm.id) })
      return enqueueMany(ctx, ids, 'migrate', 'migrate', wantedFor, readMoves)
    }),
})

const staying = ({ vmId, name, reason }: Refusal): PlannedMove => ({
  ...{ vmId, name, way: null, totalMs: null },
  reasons: [reason],
})

/** @param read what is needed to judge them all, read once */
async function enqueueMany<Known>(
  ctx: Ctx,
  ids: readonly string[],
  permission: ActionOf<'vm'>,
  word: string,
  wantedFor: (vm: Vm, known: Known) => NewOperation | Promise<NewOperation>,
  read: (tx: Tx, vmIds: readonly string[]) => Promise<Known>,
): Promise<{ operationId: string; refused: Refusal[] }> {
  const { trail } = ctx
  const refusals = new Refusals(trail)
  const { refused } = refusals
  trail.ofAll = { vms: [...ids] }
  const vms = await refusals.loadAllowed(ctx, ids, permission)
  const wanted: NewOperation[] = []
  const known = await read(
    ctx.tx,
    vms.map((vm) => vm.id),
  )
  for (const vm of vms) {
    const each = await refusals.orRefuse(vm, () => wantedFor(vm, known))
    if (each) wanted.push(each)
  }
  const none = () => refusals.first ?? conflict('None of them can do that now.')
  if (wanted.length === 0) throw none()
  const tenants = new Set(wanted.map((each) => each.tenantId))
  if (tenants.size > 1 && !ctx.actor.operator) {
    throw conflict(`These VMs belong to ${tenants.size} tenants.`, 'Choose VMs of one tenant at a time.')
  }
  const name = `${word}: ${ids.length === 1 ? '1 VM' : `${ids.length} VMs`}`
  const parent = await enqueue(asker(ctx), {
    kind: 'bulk-vm' satisfies OperationKind,
    target: { kind: 'fleet', id: 'fleet', name },
    tenantId: tenants.size === 1 ? ([...tenants][0] ?? null) : null,
    exclusive: false,
    input: { refused: refused.map((each) => ({ ...each })) },
  })
  const begun: { id: string; name: string; tenantId: string | null }[] = []
  for (const each of wanted) {
    const target = { ...each.target, tenantId: each.tenantId }
    if (await refusals.orRefuse(target, () => enqueue(asker(ctx), { ...each, parentId: parent.id }))) begun.push(target)
  }
  if (begun.length === 0) throw none()
  refusals.noteDone(begun)
  await ctx.tx.operation.update({
    where: { id: parent.id },
    data: { input: { refused: refused.map((each) => ({ ...each })) } },
  })
  trail.detail = { ...trail.detail, operationId: parent.id }
  return { operationId: parent.id, refused }
}
