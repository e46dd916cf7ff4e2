import { z } from 'zod'
import type { Actor } from '#server/auth/actor.ts'
import { type Asking, demand, load } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import { listDatastoreNames } from '#server/core/datastore.ts'
import { countProtection, listProtection } from '#server/core/protection.ts'
import { createPolicy, editPolicy, listPolicies, previewPolicy, runPolicy } from '#server/core/protection-policy.ts'
import { forbidden, notFound } from '#server/errors.ts'
import {
  CreatePolicyInput,
  EditPolicyInput,
  PolicyId,
  PolicyPreviewInput,
  ProtectionList,
} from '#server/schema/protection.ts'
import { VmId } from '#server/schema/vm.ts'
import { change, router, signedIn } from './trpc.ts'

interface Owned {
  tenantId: string | null
  madeBy: string
}

/** A tenant sees what operators made for it, and can't change it. */
function mayChange(actor: Actor, policy: Owned, action: 'edit' | 'delete'): true | string {
  const answer = allowed(actor, 'protection-policy', action, policy)
  if (answer !== true || actor.operator || policy.madeBy === 'tenant') return answer
  return 'An operator made this policy: ask for its change.'
}

async function loadToChange(ctx: Asking, id: string, action: 'edit' | 'delete') {
  const policy = await load.protectionPolicy(ctx, id, action)
  const answer = mayChange(ctx.actor, policy, action)
  if (answer !== true) throw forbidden(answer)
  return policy
}

/** Whether VMs are backed up as their policies want, and the policies. */
export const protectionRouter = router({
  counts: signedIn.query(({ ctx }) => countProtection(ctx.tx, new Date())),

  list: signedIn.input(ProtectionList).query(({ ctx, input }) => listProtection(ctx.tx, input, new Date())),

  /** Of one VM, for its Backups tab. */
  vm: signedIn.input(z.object({ vmId: VmId })).query(async ({ ctx, input }) => {
    const vm = await load.vm(ctx, input.vmId, 'read')
    const { rows } = await listProtection(ctx.tx, { vmId: vm.id, limit: 1 }, new Date())
    const [row] = rows
    if (!row) throw notFound('VM', vm.id)
    return { ...row, canCreate: allowed(ctx.actor, 'protection-policy', 'create', vm) }
  }),

  policies: signedIn.query(async ({ ctx }) => {
    const policies = await listPolicies(ctx.tx)
    return {
      policies: policies.map((policy) => ({
        ...policy,
        can: {
          edit: mayChange(ctx.actor, policy, 'edit'),
          delete: mayChange(ctx.actor, policy, 'delete'),
          run: allowed(ctx.actor, 'protection-policy', 'run', policy),
        },
      })),
      datastores: await listDatastoreNames(ctx.tx),
      /** Of which tenants the person may make policies; null: of the VMs of no tenant */
      tenants: await tenantsToServe(ctx),
    }
  }),

  /** Which VMs a policy would select, and which of its recovery points it would keep. */
  preview: signedIn.input(PolicyPreviewInput).query(async ({ ctx, input }) => {
    if (input.tenantId) await load.tenant(ctx, input.tenantId, 'read')
    demand(ctx, 'protection-policy', 'read', { tenantId: input.tenantId })
    return previewPolicy(ctx.tx, input)
  }),

  create: change('protection-policy', 'create')
    .input(CreatePolicyInput)
    .mutation(async ({ ctx, input: { tenantId, ...input } }) => {
      if (tenantId) await load.tenant(ctx, tenantId, 'read')
      demand(ctx, 'protection-policy', 'create', { tenantId })
      ctx.trail.detail = input
      const policy = await createPolicy(ctx.tx, tenantId, input, ctx.actor)
      ctx.trail.resource = { kind: 'protection-policy', id: policy.id, name: input.name, tenantId }
      return policy
    }),

  edit: change('protection-policy', 'edit')
    .input(EditPolicyInput)
    .mutation(async ({ ctx, input: { id, ...input } }) => {
      const policy = await loadToChange(ctx, id, 'edit')
      ctx.trail.detail = input
      await editPolicy(ctx.tx, policy, input)
    }),

  /** Backs all of its VMs up now, beside its times. */
  run: change('protection-policy', 'run')
    .input(PolicyId)
    .mutation(async ({ ctx, input: { id } }) => {
      await load.protectionPolicy(ctx, id, 'run')
      return { vms: await runPolicy(ctx.tx, id, new Date()) }
    }),

  /** The recovery points that it took stay until somebody deletes them. */
  delete: change('protection-policy', 'delete')
    .input(PolicyId)
    .mutation(async ({ ctx, input: { id } }) => {
      const policy = await loadToChange(ctx, id, 'delete')
      ctx.trail.detail = { policy: policy.name }
      await ctx.tx.protectionPolicy.delete({ where: { id } })
    }),
})

async function tenantsToServe({ tx, actor }: Asking): Promise<{ id: string | null; name: string }[]> {
  const tenants = await tx.tenant.findMany({ orderBy: { name: 'asc' }, select: { id: true, name: true } })
  const own = tenants.filter(({ id }) => allowed(actor, 'protection-policy', 'create', { tenantId: id }) === true)
  return actor.operator ? [...own, { id: null, name: 'VMs of no tenant' }] : own
}
