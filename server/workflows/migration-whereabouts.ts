import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { MovePlan } from './migration-plan.ts'

/** here: at the source, nothing under way; moving: the hosts are at it; moved: at the destination alone */
export type Whereabouts = 'here' | 'moving' | 'moved'

/**
 * Where the VM is, by what both hosts say now.
 *
 * | source            | destination | means                                                   |
 * |-------------------|-------------|---------------------------------------------------------|
 * | has it, job runs  | any         | moving                                                  |
 * | has it            | none        | here                                                    |
 * | has it            | incoming    | moving: the hosts have not settled yet                  |
 * | off or gone       | has it      | moved                                                   |
 * | on                | on          | moving: handing over                                    |
 * | gone              | incoming    | moving                                                  |
 * | gone              | none        | conflict                                                |
 * | runs, no job      | unreachable | here                                                    |
 *
 * A VM that is off moves by being defined at the destination, then removed at the source; in between both have it. One
 * that stands still does too: it is where its source says, which alone can have it go on until it has given it up.
 */
export async function readWhereabouts(
  source: HypervisorHost,
  destination: HypervisorHost,
  plan: MovePlan,
): Promise<Whereabouts> {
  if (plan.saved) return (await source.readVm(plan.uuid)) ? 'here' : movedWithMemory(destination, plan)
  const isDestinationLost = destination.connection().state !== 'connected'
  if (isDestinationLost && plan.live && (await runsOnUndisturbed(source, plan))) return 'here'
  const [here, there] = await Promise.all([source.readVm(plan.uuid), destination.readVm(plan.uuid)])
  if (!here && !there) {
    throw conflict(`Neither ${plan.sourceName} nor ${plan.destinationName} has the VM any more.`, 'Look on both hosts.')
  }
  if (!here) return there?.incoming ? 'moving' : 'moved'
  const job = await source.readJob(plan.uuid)
  if (job.kind === 'migration-out' && job.state === 'running') return 'moving'
  if (!there) return 'here'
  if (there.incoming) return 'moving'
  if (!plan.live) return 'here'
  if (here.state === 'off') return there.state === 'off' ? 'here' : 'moved'
  return 'moving'
}

/** After a successful move the source has it no more, and with post-copy it stands still there: running means staying. */
async function runsOnUndisturbed(source: HypervisorHost, plan: MovePlan): Promise<boolean> {
  const here = await source.readVm(plan.uuid)
  if (here?.state !== 'running') return false
  const job = await source.readJob(plan.uuid)
  return job.kind !== 'migration-out' || job.state !== 'running'
}

async function movedWithMemory(destination: HypervisorHost, plan: MovePlan): Promise<'moved'> {
  if (await destination.readVm(plan.uuid)) return 'moved'
  throw conflict(`Neither ${plan.sourceName} nor ${plan.destinationName} has the VM any more.`, 'Look on both hosts.')
}
