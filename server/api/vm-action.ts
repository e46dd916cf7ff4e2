import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import type { Request } from '#server/core/idempotency.ts'
import { previewMigration, readMoves } from '#server/core/migration-candidate.ts'
import { enqueueOnce, type NewOperation } from '#server/core/operation.ts'
import { requestClone, requestCreate } from '#server/core/vm-creation.ts'
import { deletionOf, editOf, keepOf, measureOf, migrationOf, powerOf, xmlEditOf } from '#server/core/vm-request.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { VmId } from '#server/schema/vm.ts'
import {
  CloneVmInput,
  CloneVmPlan,
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
import { demandTwinCards } from './vm-card.ts'

const onVm = { id: VmId, idempotencyKey: IdempotencyKey }

const once = async (
  ctx: Parameters<typeof asker>[0],
  request: Request,
  make: () => NewOperation | Promise<NewOperation>,
) => ({ operationId: (await enqueueOnce(asker(ctx), request, make)).id })

/** What changes a VM at its host. Each answers at once with its operation. */
export const vmActionRouter = router({
  power: change('vm', 'power')
    .input(PowerInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'power')
      ctx.trail.detail = { action: input.action }
      const request = { kind: 'power-vm', targetId: id, input, key: idempotencyKey } as const
      return once(ctx, request, () => powerOf(vm, input))
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
      ctx.trail.detail = { twin: input.name }
      await demandTwinCards(ctx, vm)
      const operation = await requestClone(asker(ctx), vm, input, idempotencyKey ?? null)
      return { operationId: operation.id, vmId: CloneVmPlan.parse(operation.input).twinId }
    }),

  /** Only what is given changes; the operation's result says of each whether it is in force now. */
  edit: change('vm', 'edit')
    .input(EditVmFields.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...fields } }) => {
      const vm = await load.vm(ctx, id, 'edit')
      const input = EditVmInput.parse(fields)
      ctx.trail.detail = input
      const request = { kind: 'edit-vm', targetId: id, input, key: idempotencyKey } as const
      return once(ctx, request, () => editOf(ctx.tx, vm, input))
    }),

  editXml: change('vm', 'edit-xml')
    .input(EditXmlInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'edit-xml')
      const request = { kind: 'edit-vm-xml', targetId: id, input, key: idempotencyKey } as const
      return once(ctx, request, () => xmlEditOf(vm, input))
    }),

  delete: change('vm', 'delete')
    .input(DeleteVmInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'delete')
      ctx.trail.detail = { uuid: vm.uuid, ...input }
      const request = { kind: 'delete-vm', targetId: id, input, key: idempotencyKey } as const
      return once(ctx, request, () => deletionOf(vm, input))
    }),

  /** How fast its memory changes, for the preview; the guest does not notice. */
  measure: change('vm', 'migrate', 'measure')
    .input(MeasureInput.extend(onVm))
    .use(costly(5, 10))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'migrate')
      const request = { kind: 'measure-vm', targetId: id, input, key: idempotencyKey } as const
      return once(ctx, request, () => measureOf(vm, input))
    }),

  /** Copies what a clone shares with its recovery point into disks of its own. */
  keep: change('vm', 'clone', 'keep')
    .input(z.object(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey } }) => {
      const vm = await load.vm(ctx, id, 'clone')
      const request = { kind: 'keep-clone', targetId: id, input: {}, key: idempotencyKey } as const
      return once(ctx, request, () => keepOf(vm))
    }),

  /** Every host of the fleet as a destination, with why not, what is copied, and how long it would take. */
  migratePreview: signedIn
    .input(z.object({ id: VmId }))
    .use(costly(60, 120))
    .query(async ({ ctx, input }) => {
      await load.vm(ctx, input.id, 'migrate')
      return previewMigration(ctx.tx, input.id)
    }),

  migrate: change('vm', 'migrate')
    .input(MigrateInput.extend(onVm))
    .mutation(async ({ ctx, input: { id, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, id, 'migrate')
      ctx.trail.detail = { to: input.destinationHostId }
      const request = { kind: 'migrate-vm', targetId: id, input, key: idempotencyKey } as const
      return once(ctx, request, async () => migrationOf(await readMoves(ctx.tx, [vm.id]), vm, input))
    }),
})
