import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import type { JobReading } from '#server/hypervisor/host-event.ts'
import type { StepContext } from './define.ts'
import type { MovePlan } from './migration-plan.ts'

type Context = StepContext<unknown, object>

/** What the move took, as far as the hypervisor tells. Milliseconds and bytes. */
export interface MoveFigures {
  totalMs: number
  downtimeMs: number | null
  bytes: number | null
  iterations: number | null
}

export async function readFigures(
  context: Context,
  plan: MovePlan,
  startedAt: number,
  last: JobReading | null,
): Promise<MoveFigures> {
  // Figures are not worth failing for: the VM has moved.
  const completed = () => context.host(plan.destinationHostId).then((host) => host.readCompletedJob(plan.uuid))
  const job = (plan.live ? await completed().catch(() => null) : null) ?? last
  return {
    totalMs: job && job !== last ? job.elapsedMs : Date.now() - startedAt,
    // Of a job that still ran it is what was expected, not what was.
    downtimeMs: plan.live ? (job && job !== last ? job.downtimeMs : null) : 0,
    bytes: job?.doneBytes || null,
    iterations: job?.iteration ?? null,
  }
}

/** The VM's row, its disks and its history follow it. The event carries the operation's id, so there is one of it. */
export async function recordMove(
  context: Context,
  plan: MovePlan,
  figures: MoveFigures | undefined,
  postCopy: boolean,
): Promise<void> {
  const { db, operation } = context
  const destination = await context.host(plan.destinationHostId)
  const facts = await destination.readVm(plan.uuid)
  if (!facts || facts.incoming) throw conflict(`The VM is not on ${plan.destinationName}.`, 'Look at both hosts.')
  await db.$transaction(async (tx) => {
    await tx.vm.updateMany({
      where: { id: operation.targetId },
      data: { hostId: plan.destinationHostId, siteId: plan.destinationSiteId, state: facts.state, xml: facts.xml },
    })
    for (const disk of plan.disks) {
      if (!disk.to) continue
      await tx.disk.updateMany({
        where: { vmId: operation.targetId, target: disk.target },
        data: {
          ...{ source: disk.to.path, poolName: disk.to.pool, volumeName: disk.to.volume },
          backingPath: disk.backing?.to ?? null,
        },
      })
    }
    await tx.vmEvent.createMany({
      skipDuplicates: true,
      data: [
        {
          id: operation.id,
          vmId: operation.targetId,
          hostId: plan.destinationHostId,
          kind: 'migrated',
          detail: describe(plan, figures, postCopy),
        },
      ],
    })
    await recordRate(tx, plan, figures)
  })
}

function describe(plan: MovePlan, figures: MoveFigures | undefined, postCopy: boolean): string {
  const parts = [`from ${plan.sourceName} to ${plan.destinationName}`]
  if (plan.saved) parts.push('with its memory saved')
  else if (!plan.live) parts.push('while it was off')
  if (figures) parts.push(`in ${(figures.totalMs / 1000).toFixed(1)} s`)
  if (plan.saved) parts.push('standing still meanwhile')
  if (plan.live && figures?.downtimeMs !== null && figures) parts.push(`downtime ${figures.downtimeMs} ms`)
  if (postCopy) parts.push('with post-copy')
  return parts.join(', ')
}

/** The fastest move between two sites is what later previews reckon with. */
async function recordRate(tx: Tx, plan: MovePlan, figures: MoveFigures | undefined): Promise<void> {
  if (!figures?.bytes || figures.totalMs < 1000) return
  const hosts = await tx.host.findMany({
    where: { id: { in: [plan.sourceHostId, plan.destinationHostId] } },
    select: { siteId: true },
  })
  const [a, b] = [...new Set(hosts.map((host) => host.siteId))].sort()
  if (!a || !b) return
  const bits = BigInt(Math.round((figures.bytes * 8) / (figures.totalMs / 1000)))
  await tx.$executeRaw`
    UPDATE link SET bits_per_second = greatest(coalesce(bits_per_second, 0), ${bits}::bigint)
    WHERE from_site_id = ${a}::uuid AND to_site_id = ${b}::uuid`
}
