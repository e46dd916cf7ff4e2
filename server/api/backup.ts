import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import { listBootTests } from '#server/core/boot-test.ts'
import { listDatastoreNames } from '#server/core/datastore.ts'
import { enqueue, enqueueOnce } from '#server/core/operation.ts'
import { listRecoveryPoints } from '#server/core/recovery-point.ts'
import { removalOf } from '#server/core/recovery-point-removal.ts'
import { writeRateOf } from '#server/core/restore-rate.ts'
import { backupOf, restoreMeasureOf, restoreOf } from '#server/core/vm-request.ts'
import { BackUpInput, RemoveRecoveryPointsInput, RestoreMeasureInput, RestoreVmInput } from '#server/schema/backup.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { VmId } from '#server/schema/vm.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { asker } from './asker.ts'
import { change, costly, router, signedIn } from './trpc.ts'

export const backupRouter = router({
  /** A VM's recovery points, where it can be backed up to, and whether it can be now. */
  list: signedIn.input(z.object({ vmId: VmId })).query(async ({ ctx, input }) => {
    const vm = await load.vm(ctx, input.vmId, 'read')
    const person = allowed(ctx.actor, 'vm', 'backup', vm)
    const mayRestore = allowed(ctx.actor, 'vm', 'restore', vm)
    return {
      recoveryPoints: await listRecoveryPoints(ctx.tx, { vmId: vm.id }),
      bootTests: await listBootTests(ctx.tx, { vmId: vm.id }),
      datastores: await listDatastoreNames(ctx.tx),
      /** How fast it was written by its own last restores */
      writeRate: await writeRateOf(ctx.tx, vm.hostId, vm.id),
      can: {
        backUp: person === true ? vmRule(vm, 'backup') : person,
        /** Whatever the VM is doing meanwhile */
        readFiles: mayRestore,
        restore: mayRestore === true ? vmRule(vm, 'restore') : mayRestore,
        restoreNew: mayRestore,
        bootTest: mayRestore,
        /** What its guest showed in a test */
        readScreen: allowed(ctx.actor, 'vm', 'console', vm),
        delete: allowed(ctx.actor, 'vm', 'delete-backup', vm),
      },
    }
  }),

  start: change('vm', 'backup')
    .input(BackUpInput.extend({ vmId: VmId, idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { vmId, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'backup')
      ctx.trail.detail = input
      const request = { kind: 'back-up-vm', targetId: vmId, input, key: idempotencyKey } as const
      return { operationId: (await enqueueOnce(asker(ctx), request, () => backupOf(ctx.tx, vm, input))).id }
    }),

  /** Takes recovery points away for good, also of a VM that is gone. */
  remove: change('vm', 'delete-backup')
    .input(RemoveRecoveryPointsInput.extend({ idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { idempotencyKey, ...input } }) => {
      const request = { kind: 'remove-recovery-points', input, isPlanned: true, key: idempotencyKey } as const
      ctx.trail.detail = input
      const operation = await enqueueOnce(asker(ctx), request, async () => {
        const points: Awaited<ReturnType<typeof load.recoveryPoint>>[] = []
        for (const id of input.ids) points.push(await load.recoveryPoint(ctx, id, 'delete-backup'))
        return removalOf(ctx.tx, points)
      })
      demand(ctx, 'vm', 'delete-backup', operation)
      return { operationId: operation.id }
    }),

  /** What a restore would change and how long it would take; the operation's result says it. */
  measureRestore: change('vm', 'restore', 'measure-restore')
    .input(RestoreMeasureInput.extend({ vmId: VmId }))
    .use(costly(5, 10))
    .mutation(async ({ ctx, input: { vmId, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'restore')
      return { operationId: (await enqueue(asker(ctx), await restoreMeasureOf(ctx.tx, vm, input))).id }
    }),

  /** Leads the VM back in place; what it is now becomes a recovery point first. */
  restore: change('vm', 'restore')
    .input(RestoreVmInput.extend({ vmId: VmId, idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { vmId, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'restore')
      ctx.trail.detail = input
      const request = { kind: 'restore-vm', targetId: vmId, input, isPlanned: true, key: idempotencyKey } as const
      return { operationId: (await enqueueOnce(asker(ctx), request, () => restoreOf(ctx.tx, vm, input))).id }
    }),
})
