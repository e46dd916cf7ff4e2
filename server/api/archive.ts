import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import {
  archivalOf,
  createArchivalPolicy,
  deleteArchivalPolicy,
  editArchivalPolicy,
  listArchivalPolicies,
  previewRules,
} from '#server/core/archival-policy.ts'
import { archiveKeyOf } from '#server/core/archive-key.ts'
import { listGrantedStores } from '#server/core/archive-store.ts'
import { bringBackOf, listArchivedPoints } from '#server/core/archived-point.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { listDatastoreNames } from '#server/core/datastore.ts'
import { enqueue, enqueueOnce } from '#server/core/operation.ts'
import { env } from '#server/env.ts'
import {
  ArchivalPolicyId,
  BringBackInput,
  CreateArchivalPolicyInput,
  EditArchivalPolicyInput,
  PreviewArchivalInput,
} from '#server/schema/archive.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { TenantId } from '#server/schema/tenant.ts'
import { VmId } from '#server/schema/vm.ts'
import { asker } from './asker.ts'
import { change, costly, router, signedIn } from './trpc.ts'

/** A tenant's archives: its policies, what it has there, and the way back. */
export const archiveRouter = router({
  get: signedIn.input(z.object({ tenantId: TenantId })).query(async ({ ctx, input: { tenantId } }) => {
    await load.tenant(ctx, tenantId, 'read')
    const can = (action: 'create' | 'edit' | 'delete' | 'run' | 'read-key') =>
      allowed(ctx.actor, 'archive', action, { tenantId })
    return {
      stores: await listGrantedStores(ctx.tx, tenantId),
      policies: await listArchivalPolicies(ctx.tx, tenantId),
      datastores: await listDatastoreNames(ctx.tx),
      vms: await ctx.tx.vm.findMany({
        where: { tenantId },
        orderBy: { name: 'asc' },
        take: 500,
        select: { id: true, name: true, tags: true },
      }),
      can: {
        create: can('create'),
        edit: can('edit'),
        delete: can('delete'),
        run: can('run'),
        readKey: can('read-key'),
      },
    }
  }),

  /** What rules would move, cost and free, by the backups that there are. */
  preview: signedIn.input(PreviewArchivalInput).query(async ({ ctx, input: { tenantId, ...rules } }) => {
    await load.tenant(ctx, tenantId, 'read')
    demand(ctx, 'archive', 'read', { tenantId })
    return previewRules(ctx.tx, tenantId, rules, new Date())
  }),

  createPolicy: change('archive', 'create')
    .input(CreateArchivalPolicyInput)
    .mutation(async ({ ctx, input: { tenantId, ...input } }) => {
      await load.tenant(ctx, tenantId, 'read')
      demand(ctx, 'archive', 'create', { tenantId })
      ctx.trail.detail = input
      const policy = await createArchivalPolicy(ctx.tx, tenantId, input, ctx.actor.name)
      ctx.trail.resource = { kind: 'archive', id: policy.id, name: input.name, tenantId }
      return policy
    }),

  editPolicy: change('archive', 'edit')
    .input(EditArchivalPolicyInput)
    .mutation(async ({ ctx, input: { id, ...input } }) => {
      const policy = await load.archivalPolicy(ctx, id, 'edit')
      ctx.trail.detail = input
      await editArchivalPolicy(ctx.tx, policy, input)
    }),

  /** What it archived stays until it expires. */
  deletePolicy: change('archive', 'delete')
    .input(ArchivalPolicyId)
    .mutation(async ({ ctx, input }) => {
      await deleteArchivalPolicy(ctx.tx, await load.archivalPolicy(ctx, input.id, 'delete'))
    }),

  run: change('archive', 'run')
    .input(ArchivalPolicyId)
    .mutation(async ({ ctx, input }) => {
      const policy = await load.archivalPolicy(ctx, input.id, 'run')
      const operation = await enqueue(asker(ctx), archivalOf(policy))
      await ctx.tx.archivalPolicy.update({
        where: { id: policy.id },
        data: { lastOperationId: operation.id, lastRefusal: null },
      })
      return { operationId: operation.id }
    }),

  /** What opens all that the tenant has archived, with nothing else: to be kept apart from here. */
  showKey: change('archive', 'read-key')
    .input(z.object({ tenantId: TenantId }))
    .use(costly(3, 5))
    .mutation(async ({ ctx, input: { tenantId } }) => {
      await load.tenant(ctx, tenantId, 'read')
      demand(ctx, 'archive', 'read-key', { tenantId })
      const key = await archiveKeyOf(ctx.tx, CredentialBox.fromText(env().SKERRY_KEY), tenantId)
      await ctx.tx.archiveKey.update({ where: { tenantId }, data: { shownAt: new Date() } })
      return { key: key.toString('base64') }
    }),

  /** A VM's archived recovery points, with what getting each back takes. */
  points: signedIn.input(z.object({ vmId: VmId })).query(async ({ ctx, input }) => {
    const vm = await load.vm(ctx, input.vmId, 'read')
    return listArchivedPoints(ctx.tx, { vmId: vm.id })
  }),

  bringBack: change('vm', 'restore', 'bring-back')
    .input(BringBackInput.extend({ vmId: VmId, idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { vmId, idempotencyKey, ...input } }) => {
      const vm = await load.vm(ctx, vmId, 'restore')
      ctx.trail.detail = input
      const request = { kind: 'bring-back-recovery-point', targetId: vmId, input, key: idempotencyKey } as const
      return { operationId: (await enqueueOnce(asker(ctx), request, () => bringBackOf(ctx.tx, vm, input))).id }
    }),
})
