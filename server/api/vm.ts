import { z } from 'zod'
import { load } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import { withoutExportNames } from '#server/core/clone-export.ts'
import { definitionVersion } from '#server/core/definition-version.ts'
import { demandNetworksOfVms } from '#server/core/network-grant.ts'
import { reserve } from '#server/core/quota.ts'
import { assignVms, listVmEvents, readVm, setProtected, setTags, sizeOfVms } from '#server/core/vm.ts'
import { countVms, listVms } from '#server/core/vm-list.ts'
import { readVmRows } from '#server/core/vm-row.ts'
import {
  AssignInput,
  FilterText,
  SetProtectedInput,
  SetTagsInput,
  VmEventList,
  VmId,
  VmListInput,
} from '#server/schema/vm.ts'
import { vmCan } from '#server/schema/vm-rule.ts'
import { change, router, signedIn } from './trpc.ts'
import { twinObstacle } from './vm-card.ts'
import { Refusals } from './vm-each.ts'
import { vmPermission } from './vm-permission.ts'
import { vmRights } from './vm-rights.ts'

export const vmRouter = router({
  /** One page of the VMs the asker may see; pass `nextCursor` back for the next. */
  list: signedIn.input(VmListInput).query(({ ctx, input }) => listVms(ctx.tx, ctx.scope, input)),

  counts: signedIn
    .input(z.object({ filter: FilterText.default('') }))
    .query(({ ctx, input }) => countVms(ctx.tx, input.filter)),

  /** What the asker may do before a VM is chosen, or with many of them. */
  rights: signedIn.query(({ ctx }) => vmRights(ctx.actor)),

  /** Everything known of one VM but its XML, with what the asker can do to it or why not. */
  get: signedIn.input(z.object({ id: VmId })).query(async ({ ctx, input }) => {
    await load.vm(ctx, input.id, 'read')
    const vm = await readVm(ctx.tx, input.id)
    const ruled = vmCan(vm, (action) => allowed(ctx.actor, 'vm', vmPermission[action], vm))
    const obstacle = ruled.clone === true ? await twinObstacle(ctx, vm) : null
    const can = { ...ruled, ...(obstacle ? { clone: obstacle } : {}) }
    const may = {
      tag: allowed(ctx.actor, 'vm', 'tag', vm),
      protect: allowed(ctx.actor, 'vm', 'protect', vm),
      assign: allowed(ctx.actor, 'vm', 'assign', vm),
      makeTemplate: allowed(ctx.actor, 'template', 'create', vm),
      readXml: allowed(ctx.actor, 'vm', 'read-xml', vm),
    }
    const operation = (await readVmRows(ctx.tx, [vm.id]))[0]?.operation ?? null
    // It names addresses and sockets of the fleet.
    const stateReason = allowed(ctx.actor, 'host', 'read') === true ? vm.host.stateReason : null
    return { ...vm, host: { ...vm.host, stateReason }, operation, can, may }
  }),

  /** Its definition for the next start, which can be edited; while it runs, what runs as well. */
  xml: signedIn.input(z.object({ id: VmId })).query(async ({ ctx, input }) => {
    const vm = await load.vm(ctx, input.id, 'read-xml')
    const xml = vm.nextXml ?? vm.xml
    return {
      ...{ xml: withoutExportNames(xml), version: definitionVersion(xml) },
      runningXml: vm.nextXml === null ? null : withoutExportNames(vm.xml),
      canEdit: allowed(ctx.actor, 'vm', 'edit-xml', vm),
    }
  }),

  events: signedIn.input(VmEventList).query(async ({ ctx, input }) => {
    await load.vm(ctx, input.id, 'read')
    return listVmEvents(ctx.tx, input)
  }),

  /** Of each VM that they may be changed of; says which are refused and why. */
  setTags: change('vm', 'tag')
    .input(SetTagsInput)
    .mutation(async ({ ctx, input: { ids, add, remove } }) => {
      ctx.trail.detail = { add, remove }
      const refusals = new Refusals(ctx.trail)
      const vms = await refusals.loadAllowed(ctx, ids, 'tag')
      const done = vms.map(({ id }) => id)
      if (done.length === 0) throw refusals.first
      await setTags(ctx.tx, done, add, remove)
      refusals.noteDone(vms)
      return { done, refused: refusals.refused }
    }),

  setProtected: change('vm', 'protect')
    .input(SetProtectedInput)
    .mutation(async ({ ctx, input }) => {
      await load.vm(ctx, input.id, 'protect')
      ctx.trail.detail = { protected: input.protected }
      await setProtected(ctx.tx, input.id, input.protected)
    }),

  /** Gives VMs to a tenant within its quota, or takes them back; says which can't be, and why. */
  assign: change('vm', 'assign')
    .input(AssignInput)
    .mutation(async ({ ctx, input: { ids, tenantId } }) => {
      ctx.trail.detail = { tenantId }
      const refusals = new Refusals(ctx.trail)
      const vms = await refusals.loadAllowed(ctx, ids, 'assign')
      if (vms.length === 0) throw refusals.first
      if (tenantId) await load.tenant(ctx, tenantId, 'read')
      const give = async (some: readonly string[]) => {
        if (tenantId) {
          await demandNetworksOfVms(ctx.tx, tenantId, some)
          await reserve(ctx.tx, tenantId, await sizeOfVms(ctx.tx, some, tenantId))
        }
        await assignVms(ctx.tx, some, tenantId)
      }
      const done = await refusals.together(vms, give)
      if (done.length === 0) throw refusals.first
      // In the chain of the tenant that has it now, or else of the one that had it.
      const given = vms.filter(({ id }) => done.includes(id))
      refusals.noteDone(given.map((vm) => ({ ...vm, tenantId: tenantId ?? vm.tenantId })))
      return { done, refused: refusals.refused }
    }),
})
