import { z } from 'zod'
import { load } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import { enqueueOnce } from '#server/core/operation.ts'
import { readSnapshotPage } from '#server/core/snapshot.ts'
import { createSchedule, editSchedule } from '#server/core/snapshot-schedule.ts'
import { revertOf, snapshotDeletionOf, snapshotOf } from '#server/core/vm-request.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import {
  CreateScheduleInput,
  DeleteSnapshotInput,
  EditScheduleInput,
  RevertSnapshotInput,
  ScheduleId,
  TakeSnapshotInput,
} from '#server/schema/snapshot.ts'
import { VmId } from '#server/schema/vm.ts'
import { asker } from './asker.ts'
import { change, router, signedIn } from './trpc.ts'

const onVm = { vmId: VmId, idempotencyKey: IdempotencyKey }

/** Snapshots of a VM and the schedules that take them. */
export const snapshotRouter = router({
  list: signedIn.input(z.object({ vmId: VmId })).query(async ({ ctx, input }) => {
    const vm = await load.vm(ctx, input.vmId, 'read')
    return readSnapshotPage(ctx.tx, vm, allowed(ctx.actor, 'vm', 'snapshot', vm))
  }),

  take: change('vm', 'snapshot')
    .input(TakeSnapshotInput.extend(onVm))
    .mutation(async ({ ctx, input: { vmId, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'snapshot')
      ctx.trail.detail = { snapshot: input.name, withMemory: input.withMemory }
      const request = { kind: 'take-snapshot', targetId: vmId, input, key: idempotencyKey } as const
      return { operationId: (await enqueueOnce(asker(ctx), request, () => snapshotOf(ctx.tx, vm, input))).id }
    }),

  revert: change('vm', 'snapshot', 'revert-snapshot')
    .input(RevertSnapshotInput.extend(onVm))
    .mutation(async ({ ctx, input: { vmId, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'snapshot')
      ctx.trail.detail = { to: input.name, keepAs: input.keepAs }
      const request = { kind: 'revert-snapshot', targetId: vmId, input, key: idempotencyKey } as const
      return { operationId: (await enqueueOnce(asker(ctx), request, () => revertOf(ctx.tx, vm, input))).id }
    }),

  delete: change('vm', 'snapshot', 'delete-snapshot')
    .input(DeleteSnapshotInput.extend(onVm))
    .mutation(async ({ ctx, input: { vmId, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'snapshot')
      ctx.trail.detail = { snapshot: input.name, withChildren: input.withChildren }
      const request = { kind: 'delete-snapshot', targetId: vmId, input, key: idempotencyKey } as const
      return { operationId: (await enqueueOnce(asker(ctx), request, () => snapshotDeletionOf(ctx.tx, vm, input))).id }
    }),

  createSchedule: change('vm', 'snapshot', 'create-schedule')
    .input(CreateScheduleInput)
    .mutation(async ({ ctx, input: { vmId, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'snapshot')
      ctx.trail.detail = input
      return createSchedule(ctx.tx, vm, input, ctx.actor.name)
    }),

  editSchedule: change('vm', 'snapshot', 'edit-schedule')
    .input(EditScheduleInput)
    .mutation(async ({ ctx, input: { id, ...input } }) => {
      const schedule = await load.snapshotSchedule(ctx, id, 'snapshot')
      ctx.trail.detail = { schedule: id, ...input }
      await editSchedule(ctx.tx, schedule.id, input)
    }),

  /** The snapshots that it took stay. */
  deleteSchedule: change('vm', 'snapshot', 'delete-schedule')
    .input(ScheduleId)
    .mutation(async ({ ctx, input: { id } }) => {
      const schedule = await load.snapshotSchedule(ctx, id, 'snapshot')
      ctx.trail.detail = { schedule: id, every: schedule.every }
      await ctx.tx.snapshotSchedule.delete({ where: { id } })
    }),
})
