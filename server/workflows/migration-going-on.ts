import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { withDiskSources } from '#server/hypervisor/libvirt/xml/relocate.ts'
import type { StepContext } from './define.ts'
import { ownBeneath } from './migration-chain.ts'
import { type MemoryState, memoryState, type SavedMemory } from './migration-memory.ts'
import { type MovePlan, pathsOf } from './migration-plan.ts'
import { requireStanding, runsThere, settled } from './migration-standstill.ts'
import { readWhereabouts } from './migration-whereabouts.ts'
import { Cancelled } from './pause.ts'

type Context = StepContext<unknown, object>

/** Nobody else has the VM any more, so there is nothing to do but wait. */
export const onlyThereMs = 60 * 60_000

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
  if (there?.state === 'off') await requireAsItCame(destination, plan)
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
  if (!image) throw notWhole(plan)
  await destination.restoreMemory(path, { xml: withDiskSources(image.xml, pathsOf(plan)), ...how })
}

const memoryThere = (destination: HypervisorHost, plan: MovePlan): Promise<MemoryState> => {
  const disks = plan.disks.flatMap(({ to }) => (to ? [{ pool: to.pool, name: to.volume }] : []))
  return memoryState(destination, plan.uuid, savedOf(plan).there, disks)
}

/** Of what an earlier attempt put up there, somebody may have had it go on, and shut it down. @throws conflict */
async function requireAsItCame(destination: HypervisorHost, plan: MovePlan): Promise<void> {
  const state = await memoryThere(destination, plan)
  if (state === 'whole') return
  const { destinationName: name } = plan
  if (state === 'outdated') {
    throw conflict(
      `The VM was started on ${name} meanwhile, so its memory is out of date there.`,
      'Try again, and let nobody start it while it moves.',
    )
  }
  if (state === 'unknown') {
    throw conflict(
      `Whether the VM’s disks on ${name} were written to since they came can’t be told.`,
      'Look at that host’s storage, then try again.',
    )
  }
  throw notWhole(plan)
}

const notWhole = ({ destinationName }: MovePlan) =>
  conflict(`Its memory did not come to ${destinationName} whole.`, 'Try again.')

/** Off, it did not go on: its memory there could not be used, so that at the source is kept. Left: what stays, in words */
export interface WentOn {
  goesOn: boolean
  left: string[]
}

/** Has the VM go on at the destination, which alone has it, and removes its memory's file there. */
export async function goOnThere(context: Context, plan: MovePlan): Promise<WentOn> {
  const { wasRunning, autostart, there: file } = savedOf(plan)
  const destination = await context.host(plan.destinationHostId, onlyThereMs)
  const facts = await settled(destination, plan)
  if (!facts) throw conflict(`${plan.destinationName} does not have the VM.`, 'Look on both hosts where it is.')
  if (facts.state === 'off') {
    // Its new host failed while it stood there. What it had in memory is still in the file.
    const state = await memoryThere(destination, plan)
    // Nor is it to start with its host then: past its memory.
    if (state !== 'whole') return { goesOn: false, left: keptWhileOff(plan, state) }
    await restoreThere(destination, plan, { paused: !wasRunning })
  } else if (wasRunning && facts.state === 'paused') {
    await destination.power(plan.uuid, { action: 'resume' })
  }
  await destination.setAutostart(plan.uuid, autostart)
  await destination.deleteVolume(file.pool, file.name)
  return { goesOn: true, left: [] }
}

function keptWhileOff(plan: MovePlan, state: MemoryState): string[] {
  const { here, there, autostart } = savedOf(plan)
  const { sourceName, destinationName } = plan
  const what = (name: string) => (name === here.name ? 'its memory' : 'its disk as that memory knows it')
  return [
    ...(state === 'none' ? [] : [`${there.name} on ${destinationName}: its memory, while the VM is off`]),
    ...filesAtSource(plan).map((name) => `${name} on ${sourceName}: ${what(name)}, while the VM is off`),
    ...(autostart ? [`its start with ${destinationName}: switched off, for it would go past its memory`] : []),
  ]
}

/** The files there that go when the VM has moved. */
export function filesAtSource(plan: MovePlan): string[] {
  const copied = plan.disks.filter((disk) => disk.mode === 'copied')
  const disks = [...copied, ...ownBeneath(plan, copied)].flatMap((disk) => disk.sourceVolume ?? [])
  return [...disks, ...(plan.saved ? [plan.saved.here.name] : [])]
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
