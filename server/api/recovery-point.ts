import { z } from 'zod'
import { type Asking, demand, load } from '#server/auth/load.ts'
import { allowed } from '#server/auth/policy.ts'
import { listArchivedPoints } from '#server/core/archived-point.ts'
import { listBootTests } from '#server/core/boot-test.ts'
import { listRestorableVms } from '#server/core/gone-vm.ts'
import { listRecoveryPoints } from '#server/core/recovery-point.ts'
import { type PointUse, requestRestoreNew, restorablePoint, restorePlaces } from '#server/core/restore-new-vm.ts'
import { notFound } from '#server/errors.ts'
import { CloneRecoveryPointInput, RestoreNewVmInput } from '#server/schema/backup.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { asker } from './asker.ts'
import { change, router, signedIn } from './trpc.ts'

type Ctx = Asking & { requestId: string }

type Source = Pick<RestoreNewVmInput, 'recoveryPointId' | 'archiveStoreId'>

async function loadPoint(ctx: Ctx, source: Source) {
  const loaded = source.archiveStoreId === null ? load.recoveryPoint : load.archivedPoint
  await loaded(ctx, source.recoveryPointId, 'restore')
  return restorablePoint(ctx.tx, source)
}

/** Where a VM goes within a site is the fleet's business. */
export async function restoreNew(
  ctx: Ctx,
  use: PointUse,
  input: RestoreNewVmInput & { follow?: boolean },
  idempotencyKey: string | null,
) {
  const point = await loadPoint(ctx, input)
  const { tenantId } = point
  demand(ctx, 'vm', 'create', { tenantId })
  if ('hostId' in input.place) demand(ctx, 'vm', 'migrate', { tenantId })
  return requestRestoreNew(asker(ctx), point, use, input, idempotencyKey)
}

/** Recovery points apart from their VMs, which may be gone. */
export const recoveryPointRouter = router({
  vms: signedIn.query(({ ctx }) => listRestorableVms(ctx.tx)),

  /** Of a VM by its UUID, which it keeps when it is gone. */
  list: signedIn.input(z.object({ vmUuid: z.uuid() })).query(async ({ ctx, input }) => {
    const recoveryPoints = await listRecoveryPoints(ctx.tx, { vmUuid: input.vmUuid })
    const archived = await listArchivedPoints(ctx.tx, { vmUuid: input.vmUuid })
    const newest = recoveryPoints[0] ?? archived[0]
    if (!newest) throw notFound('VM with recovery points', input.vmUuid)
    const owner = await (recoveryPoints[0] ? load.recoveryPoint : load.archivedPoint)(ctx, newest.id, 'read')
    // One that is another tenant's now is as good as gone to this one.
    const vm = newest.vmId ? await ctx.tx.vm.findUnique({ where: { id: newest.vmId }, select: { id: true } }) : null
    return {
      ...{ recoveryPoints, archived, name: newest.vmName, vmId: vm?.id ?? null },
      bootTests: await listBootTests(ctx.tx, { vmUuid: input.vmUuid }),
      can: {
        restoreNew: allowed(ctx.actor, 'vm', 'restore', owner),
        readFiles: allowed(ctx.actor, 'vm', 'restore', owner),
        bootTest: allowed(ctx.actor, 'vm', 'restore', owner),
        readScreen: allowed(ctx.actor, 'vm', 'console', owner),
        delete: allowed(ctx.actor, 'vm', 'delete-backup', owner),
      },
    }
  }),

  /** Where a new VM can be made of it: hosts, for whom the fleet is their business, else sites. */
  places: signedIn
    .input(
      RestoreNewVmInput.pick({ recoveryPointId: true, archiveStoreId: true, disks: true, start: true }).extend({
        /** Whether it shall share the recovery point's blocks */
        clone: z.boolean().default(false),
      }),
    )
    .query(async ({ ctx, input: { clone, ...input } }) => {
      const point = await loadPoint(ctx, input)
      const places = await restorePlaces(ctx.tx, point, {
        ...{ ...input, use: clone ? 'clone-recovery-point' : 'restore-new-vm' },
      })
      const isFleets = allowed(ctx.actor, 'vm', 'migrate', point) === true
      const bySite = [...new Set(places.map(({ siteId }) => siteId))].flatMap((siteId) => {
        const there = places.filter((place) => place.siteId === siteId)
        const [best] = there
        const reasons = best?.eligible ? [] : [...new Set(there.flatMap((place) => place.reasons))]
        return best ? [{ ...best, reasons, id: siteId, kind: 'site' as const, name: best.siteName }] : []
      })
      const hosts = places.map((place) => ({ ...place, id: place.hostId, kind: 'host' as const }))
      return (isFleets ? hosts : bySite).map(({ id, kind, name, siteName, eligible, reasons, cards }) => ({
        ...{ id, kind, name, siteName, eligible, reasons, cards },
      }))
    }),

  /** Makes a VM of its own of a recovery point, beside the one it was taken of, or in its stead. */
  restoreNew: change('vm', 'restore')
    .input(RestoreNewVmInput.extend({ idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { idempotencyKey, ...input } }) => {
      ctx.trail.detail = input
      const operation = await restoreNew(ctx, 'restore-new-vm', input, idempotencyKey ?? null)
      return { operationId: operation.id, vmId: operation.targetId }
    }),

  /** Makes a VM in seconds that shares the recovery point's blocks and keeps what it writes to itself. */
  clone: change('vm', 'restore', 'clone-recovery-point')
    .input(CloneRecoveryPointInput.extend({ idempotencyKey: IdempotencyKey }))
    .mutation(async ({ ctx, input: { idempotencyKey, ...input } }) => {
      ctx.trail.detail = input
      const operation = await restoreNew(ctx, 'clone-recovery-point', input, idempotencyKey ?? null)
      return { operationId: operation.id, vmId: operation.targetId }
    }),
})
