import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import { previewMigration } from '#server/core/migration-candidate.ts'
import { enqueue } from '#server/core/operation.ts'
import { reserve } from '#server/core/quota.ts'
import { requestClone, requestCreate } from '#server/core/vm-creation.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { VmId } from '#server/schema/vm.ts'
import {
  CloneVmInput,
  CreateVmInput,
  DeleteVmInput,
  EditVmFields,
  EditVmInput,
  EditXmlInput,
  MeasureInput,
  MigrateInput,
  PowerInput,
} from '#server/schema/vm-action.ts'
import { asker } from './asker.ts'
import { change, costly, router, signedIn } from './trpc.ts'
import { demandState, growth, migrationOf, operationOn } from './vm-request.ts'

const onVm = { id: VmId, idempotencyKey: IdempotencyKey }

/** What changes a VM at its host. Each answers at once with its operation. */
export const vmActionRouter = router({
  power: change('vm', 'power')
    .input(PowerInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'power')
      demandState(vm, input.action)
      ctx.trail.detail = { action: input.action }
      const operation = await enqueue(asker(ctx), operationOn(vm, { kind: 'power-vm', input, idempotencyKey }))
      return { operationId: operation.id }
    }),

  /** Makes a VM; answers with its id as well, since its page is there at once. */
  create: change('vm', 'create')
    .input(CreateVmInput.extend({ idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { idempotencyKey, ...input } }) => {
      demand(ctx, 'vm', 'create', { tenantId: input.tenantId })
      // Where a VM goes within a site is the fleet's business.
      if (input.hostId) demand(ctx, 'vm', 'migrate', { tenantId: input.tenantId })
      ctx.trail.detail = { name: input.name, vcpuCount: input.vcpuCount, memoryBytes: input.memoryBytes }
      const operation = await requestCreate(asker(ctx), input, idempotencyKey ?? null)
      ctx.trail.resource = { kind: 'vm', id: operation.targetId, name: input.name, tenantId: input.tenantId }
      return { operationId: operation.id, vmId: operation.targetId }
    }),

  clone: change('vm', 'clone')
    .input(CloneVmInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'clone')
      demandState(vm, 'clone')
      ctx.trail.detail = { twin: input.name }
      const operation = await requestClone(asker(ctx), vm, input, idempotencyKey ?? null)
      return { operationId: operation.id, vmId: operation.targetId }
    }),

  /** Only what is given changes; the operation's result says of each whether it is in force now. */
  edit: change('vm', 'edit')
    .input(EditVmFields.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...fields } }) => {
      const vm = await load.vm(ctx, id, 'edit')
      demandState(vm, 'edit')
      const input = EditVmInput.parse(fields)
      const grown = await growth(ctx.tx, vm, input)
      await reserve(ctx.tx, vm.tenantId, grown)
      ctx.trail.detail = input
      const reserved = { vcpus: grown.vcpus, memoryBytes: grown.memoryBytes, diskBytes: grown.diskBytes }
      const operation = await enqueue(asker(ctx), operationOn(vm, { kind: 'edit-vm', input, reserved, idempotencyKey }))
      return { operationId: operation.id }
    }),

  editXml: change('vm', 'edit-xml')
    .input(EditXmlInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'edit-xml')
      demandState(vm, 'edit-xml')
      const operation = await enqueue(asker(ctx), operationOn(vm, { kind: 'edit-vm-xml', input, idempotencyKey }))
      return { operationId: operation.id }
    }),

  delete: change('vm', 'delete')
    .input(DeleteVmInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'delete')
      demandState(vm, 'delete')
      ctx.trail.detail = { uuid: vm.uuid, ...input }
      const operation = await enqueue(asker(ctx), operationOn(vm, { kind: 'delete-vm', input, idempotencyKey }))
      return { operationId: operation.id }
    }),

  /** How fast its memory changes, for the preview; the guest does not notice. */
  measure: change('vm', 'migrate')
    .input(MeasureInput.extend(onVm))
    .use(costly(5, 10))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'migrate')
      demandState(vm, 'measure')
      const wanted = operationOn(vm, { kind: 'measure-vm', input, exclusive: false, idempotencyKey })
      return { operationId: (await enqueue(asker(ctx), wanted)).id }
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
      demandState(vm, 'migrate')
      const { wanted, to } = await migrationOf(ctx.tx, vm, input)
      ctx.trail.detail = { to }
      return { operationId: (await enqueue(asker(ctx), { ...wanted, idempotencyKey })).id }
    }),
})
