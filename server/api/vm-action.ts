import { z } from 'zod'
import type { Vm } from '#prisma/generated/client.ts'
import { load } from '#server/auth/load.ts'
import { previewMigration } from '#server/core/migration-candidate.ts'
import { enqueue, type NewOperation } from '#server/core/operation.ts'
import { vmRule } from '#server/core/vm-rule.ts'
import { conflict } from '#server/errors.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { VmId } from '#server/schema/vm.ts'
import { MigrateInput, PowerInput } from '#server/schema/vm-action.ts'
import { asker } from './asker.ts'
import { change, router, signedIn } from './trpc.ts'

const onVm = { id: VmId, idempotencyKey: IdempotencyKey }

/** An operation on a VM of this host, in the VM's tenant. */
const operationOn = (
  vm: Vm,
  operation: Pick<NewOperation, 'kind' | 'input'> & Partial<NewOperation>,
): NewOperation => ({
  target: { kind: 'vm', id: vm.id, name: vm.name },
  tenantId: vm.tenantId,
  hostId: vm.hostId,
  ...operation,
})

/** What changes a VM at its host. Each answers at once with its operation. */
export const vmActionRouter = router({
  power: change('vm', 'power')
    .input(PowerInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'power')
      const ruling = vmRule(vm, input.action)
      if (ruling !== true) throw conflict(`${vm.name} can’t do that now. ${ruling}`)
      ctx.trail.detail = { action: input.action }
      const operation = await enqueue(asker(ctx), operationOn(vm, { kind: 'power-vm', input, idempotencyKey }))
      return { operationId: operation.id }
    }),

  /** Every host of the fleet as a destination, with why not, what is copied, and how long it would take. */
  migratePreview: signedIn.input(z.object({ id: VmId })).query(async ({ ctx, input }) => {
    await load.vm(ctx, input.id, 'migrate')
    return previewMigration(ctx.tx, input.id)
  }),

  migrate: change('vm', 'migrate')
    .input(MigrateInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'migrate')
      const ruling = vmRule(vm, 'migrate')
      if (ruling !== true) throw conflict(`${vm.name} can’t be migrated now. ${ruling}`)
      const [verdict] = (await previewMigration(ctx.tx, id, input.destinationHostId)).candidates
      if (!verdict?.eligible) {
        throw conflict(`${vm.name} can’t move there: ${verdict?.reasons.join(' ') ?? 'there is no such host.'}`)
      }
      ctx.trail.detail = { to: verdict.name }
      const operation = await enqueue(
        asker(ctx),
        operationOn(vm, {
          kind: 'migrate-vm',
          input,
          idempotencyKey,
          destinationHostId: input.destinationHostId,
          reserved: { vcpus: vm.vcpuCount, memoryBytes: vm.memoryBytes, diskBytes: verdict.copiedBytes },
        }),
      )
      return { operationId: operation.id }
    }),
})
