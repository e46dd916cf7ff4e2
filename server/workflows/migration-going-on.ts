import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { withDiskSources } from '#server/hypervisor/libvirt/xml/relocate.ts'
import type { StepContext } from './define.ts'
import { memoryState, type SavedMemory } from './migration-memory.ts'
import { type MovePlan, pathsOf } from './migration-plan.ts'
import { requireStanding, runsThere, settled } from './migration-standstill.ts'
import { readWhereabouts } from './migration-whereabouts.ts'
import { Cancelled } from './pause.ts'

type Context = StepContext<unknown, object>

/** Nobody else has the VM any more, so there is nothing to do but wait. */
const onlyThereMs = 60 * 60_000

/**
 * Puts the VM up at the destination with its memory, where it stands suspended, and only then removes it at the source:
 * until that, it can go on there; from then on, only here. So it never runs twice.
 */
export async function moveSaved(context: Context, plan: MovePlan): Promise<void> {
  const source = await context.host(plan.sourceHostId)
  const destination = await context.host(plan.destinationHostId)
  if ((await readWhereabouts(source, destination, plan)) === 'moved') return
  await requireStanding(source, plan)
  if (context.signal.aborted) throw new Cancelled()
  context.progress({ phase: `starting it on ${plan.destinationName}` })
  const there = await settled(destination, plan)
  if (!there) {
    const definition = await source.readXml(plan.uuid, { secure: true, inactive: true, migratable: true })
    await destination.define(withDiskSources(definition, pathsOf(plan)))
  }
  if (!there || there.state === 'off') await restoreThere(destination, plan, { paused: true })
  await requireStanding(source, plan)
  if (context.signal.aborted) throw new Cancelled()
  await source.undefine(plan.uuid)
}

async function restoreThere(destination: HypervisorHost, plan: MovePlan, how: { paused: boolean }): Promise<void> {
  const { path } = savedOf(plan).there
  const image = await destination.readSavedMemory(path)
  if (!image) throw conflict(`Its memory did not come to ${plan.destinationName} whole.`, 'Try again.')
  await destination.restoreMemory(path, { xml: withDiskSources(image.xml, pathsOf(plan)), ...how })
}

/**
 * Has the VM go on at the destination, which alone has it, and removes its memory's file there.
 * @returns what stayed, in words: where the VM is off and its memory may be of use, the file
 */
export async function goOnThere(context: Context, plan: MovePlan): Promise<string[]> {
  const { wasRunning, autostart, there: file } = savedOf(plan)
  const destination = await context.host(plan.destinationHostId, onlyThereMs)
  const facts = await settled(destination, plan)
  if (!facts) throw conflict(`${plan.destinationName} does not have the VM.`, 'Look on both hosts where it is.')
  let left: string[] = []
  if (facts.state === 'off') {
    // Its new host failed while it stood there. What it had in memory is still in the file.
    const disks = plan.disks.flatMap(({ to }) => (to ? [{ pool: to.pool, name: to.volume }] : []))
    const state = await memoryState(destination, plan.uuid, file, disks)
    if (state === 'whole') await restoreThere(destination, plan, { paused: !wasRunning })
    else if (state !== 'none') left = [`${file.name} on ${plan.destinationName}: its memory, while the VM is off`]
  } else if (wasRunning && facts.state === 'paused') {
    await destination.power(plan.uuid, { action: 'resume' })
  }
  await destination.setAutostart(plan.uuid, autostart)
  if (left.length === 0) await destination.deleteVolume(file.pool, file.name)
  return left
}

/** Removes the file at the source. */
export async function removeSavedMemory(context: Context, { saved, sourceHostId }: MovePlan): Promise<void> {
  if (saved) await (await context.host(sourceHostId)).deleteVolume(saved.here.pool, saved.here.name)
}

/**
 * Takes away what stands suspended at the destination, and never ran there, while the source still has the VM.
 * @throws conflict when it runs there
 */
export async function removeStanding(
  source: HypervisorHost,
  destination: HypervisorHost,
  plan: MovePlan,
): Promise<void> {
  const there = await settled(destination, plan)
  const isOurs = there?.disks.some(({ source: path }) => plan.disks.some(({ to }) => to?.path === path))
  if (!there || !isOurs || !(await source.readVm(plan.uuid))) return
  if (there.state === 'running') throw runsThere(plan)
  if (there.state !== 'off') await destination.power(plan.uuid, { action: 'force-off' })
  await destination.undefine(plan.uuid)
}

function savedOf(plan: MovePlan): SavedMemory {
  if (!plan.saved) throw new Error('only what stands still has its memory saved')
  return plan.saved
}
