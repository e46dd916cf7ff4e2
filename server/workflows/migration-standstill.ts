import { conflict, GivenUp, SkerryError } from '#server/errors.ts'
import { type HypervisorHost, OutcomeUnknown } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import type { JobReading } from '#server/hypervisor/host-event.ts'
import type { StepContext } from './define.ts'
import { type MemoryState, memoryState, type SavedMemory } from './migration-memory.ts'
import type { MovePlan } from './migration-plan.ts'
import { Cancelled, pause, until } from './pause.ts'
import { unlessFull } from './pool-room.ts'

type Context = StepContext<unknown, object>

const everyMs = 500
/** Within it libvirt has begun what a worker asked for just before it died. */
const beginsWithinMs = 2_000
/** A large memory takes so long to be read from its file. */
const settleMs = 10 * 60_000
/** Until the source tells how it stands, nothing made for the move may be touched, and nobody can have the VM go on. */
export const sourceBackWithinMs = 10 * 60_000

/** Puts the VM's memory into a file, after which it stands still, or waits for an earlier attempt to. */
export async function standStill(context: Context, plan: MovePlan): Promise<void> {
  const { saved } = plan
  if (!saved) return
  const source = await context.host(plan.sourceHostId)
  context.progress({ phase: 'saving its memory' })
  // A host that restarts meanwhile would boot it anew, and what it has in memory were lost.
  if (saved.autostart) await source.setAutostart(plan.uuid, false)
  if (await isSaveUnderWay(source, plan.uuid, saved)) {
    await follow(context, source, plan, savedBefore(source, plan.uuid))
  }
  const now = await source.readVm(plan.uuid)
  if (!now) throw conflict(`${plan.sourceName} does not have the VM any more.`, 'Reload to see where it is now.')
  if (now.state !== 'off') {
    if (context.signal.aborted) throw new Cancelled()
    await source.deleteVolume(saved.here.pool, saved.here.name)
    await source.createVolume(saved.here.pool, { name: saved.here.name, format: 'raw', capacityBytes: 0 })
    const save = () => follow(context, source, plan, source.saveMemory(plan.uuid, saved.here.path))
    await unlessFull(source, plan.sourceName, saved.here.pool, save)
  }
  await requireStanding(source, plan)
}

const isSaveJob = (job: JobReading) => job.kind === 'save' && job.state === 'running'

/** Of a save that has just begun there is no job yet, and of one that ends none any more; the VM is stopped for it. */
const isBeingSaved = (vm: VmFacts, job: JobReading) =>
  isSaveJob(job) || (vm.state === 'paused' && vm.stateReason === 'saving')

async function isSavingNow(source: HypervisorHost, uuid: string): Promise<boolean> {
  const job = await source.readJob(uuid)
  const vm = await source.readVm(uuid)
  return vm !== null && isBeingSaved(vm, job)
}

/** Whether an earlier attempt saves it still: its file must not be taken from it. */
async function isSaveUnderWay(source: HypervisorHost, uuid: string, { here }: SavedMemory): Promise<boolean> {
  if (await isSavingNow(source, uuid)) return true
  if (!(await source.findVolume(here))) return false
  await pause(beginsWithinMs)
  return isSavingNow(source, uuid)
}

/** Resolves when nothing saves the VM's memory any more. */
async function savedBefore(source: HypervisorHost, uuid: string): Promise<void> {
  while (await isSavingNow(source, uuid)) await pause(everyMs)
}

/** Tells how far it is. A cancel breaks it off, and the VM goes on. @throws Cancelled, or why it could not be saved */
async function follow(context: Context, source: HypervisorHost, plan: MovePlan, saving: Promise<void>): Promise<void> {
  let isOver = false
  const over = saving.finally(() => {
    isOver = true
  })
  over.catch(() => undefined) // thrown below
  while (!isOver) {
    await Promise.race([over.catch(() => undefined), pause(everyMs)])
    if (isOver) break
    if (context.signal.aborted) {
      await source.abortJob(plan.uuid, { timeoutMs: 10_000 }).catch(() => undefined) // it may have ended just now
      continue
    }
    const job = await source.readJob(plan.uuid, { timeoutMs: 5_000 }).catch(() => null)
    if (job?.kind !== 'save' || job.totalBytes === 0) continue
    const rate = job.bytesPerSecond > 0 ? job.bytesPerSecond : null
    context.progress({
      // Of a move the rate counts as that of the link between the two hosts, over which nothing goes yet.
      ...{ phase: 'saving its memory', done: job.doneBytes, total: job.totalBytes, unit: 'bytes', ratePerSecond: null },
      remainingMs: rate === null ? null : (job.remainingBytes / rate) * 1000,
    })
  }
  try {
    await over
  } catch (error) {
    if (context.signal.aborted && !(error instanceof OutcomeUnknown)) throw new Cancelled()
    throw error
  }
}

const memoryAtSource = (source: HypervisorHost, plan: MovePlan): Promise<MemoryState> => {
  if (!plan.saved) throw new Error('only what stands still has its memory saved')
  const disks = plan.disks.flatMap(({ mode, sourcePool: pool, sourceVolume: name }) =>
    mode === 'copied' && pool !== null && name !== null ? [{ pool, name }] : [],
  )
  return memoryState(source, plan.uuid, plan.saved.here, disks)
}

/** @throws conflict unless the VM stands still at its source, and its disks are as its memory knows them */
export async function requireStanding(source: HypervisorHost, plan: MovePlan): Promise<void> {
  const facts = await source.readVm(plan.uuid)
  const state = facts?.state === 'off' ? await memoryAtSource(source, plan) : null
  if (state === 'whole') return
  if (state === 'none') {
    throw conflict('The VM was switched off meanwhile.', 'Try again: it then moves while it is off.')
  }
  if (state === 'unreadable' || state === 'unknown') throw notSure(plan, state)
  throw conflict(
    `The VM was started on ${plan.sourceName} meanwhile, so what was copied of it is out of date.`,
    'Try again, and let nobody start it while it moves.',
  )
}

function notSure({ sourceName, saved }: MovePlan, state: 'unreadable' | 'unknown') {
  const file = `The VM’s memory is saved in ${saved?.here.path} on ${sourceName}`
  const problem =
    state === 'unreadable' ? 'libvirt can’t read it' : 'whether its disks were written to since can’t be told'
  return conflict(
    `${file}, and ${problem}.`,
    'Look at that host’s storage. Whoever starts the VM without it loses what it had in memory.',
  )
}

/**
 * Has the VM go on at its source from where it stood still, and removes the file.
 * @param mayStandThere whether the destination may have been asked to restore it too
 * @throws when that can't be done
 */
export async function wakeUp(
  context: Context,
  plan: MovePlan,
  { mayStandThere }: { mayStandThere: boolean },
): Promise<string | undefined> {
  const { saved } = plan
  if (!saved) return undefined
  const source = await context.host(plan.sourceHostId, sourceBackWithinMs)
  let facts = await settled(source, plan, { breakOff: true })
  if (facts && facts.state !== 'off' && (await isSaveUnderWay(source, plan.uuid, saved))) {
    facts = await settled(source, plan, { breakOff: true })
  }
  const state = facts?.state === 'off' ? await memoryAtSource(source, plan) : null
  let unseen = ''
  await tellingOfAutostart(plan, async () => {
    if (state === 'unreadable' || state === 'unknown') throw notSure(plan, state)
    if (state === 'whole') {
      const isSeen = await requireNotThere(await context.openHost(plan.destinationHostId), plan)
      if (!isSeen && mayStandThere) unseen = copyUnseen(plan)
      await source.restoreMemory(saved.here.path)
    }
    if (facts && saved.autostart) await source.setAutostart(plan.uuid, true)
  })
  await source.deleteVolume(saved.here.pool, saved.here.name)
  if (state === 'whole') return `had it go on where it stood still on ${plan.sourceName}${unseen}`
  if (state === 'outdated') return 'removed its saved memory: it was started and stopped meanwhile'
  if (facts && facts.state !== 'off') return `left it on ${plan.sourceName}`
  const isToStart = facts && saved.autostart
  return isToStart ? `left it off on ${plan.sourceName}, which was kept from starting it meanwhile` : undefined
}

/** While its memory is saved it does not start with its source either: in what keeps it there, that is told. */
export async function tellingOfAutostart(plan: MovePlan, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!plan.saved?.autostart || !(error instanceof SkerryError)) throw error
    const { code, message, wayOut, detail, cause } = error
    const Kind = error instanceof GivenUp ? GivenUp : SkerryError
    throw new Kind(code, `${message} Its start with ${plan.sourceName} stays switched off.`, {
      ...(wayOut && { wayOut }),
      ...(detail && { detail }),
      cause,
    })
  }
}

/**
 * Where the destination does not answer, nobody can have had the copy go on there but by hand.
 * @returns whether it answered
 * @throws conflict
 */
async function requireNotThere(destination: HypervisorHost, plan: MovePlan): Promise<boolean> {
  if (destination.connection().state !== 'connected') return false
  const there = await destination.readVm(plan.uuid)
  if (there?.state === 'running') throw runsThere(plan)
  return true
}

const copyUnseen = ({ destinationName: name }: MovePlan) =>
  `; ${name} can’t be reached, a copy may stand there suspended, and nobody must resume that`

/** Somebody had the copy go on, which the source must not do as well. */
export const runsThere = ({ sourceName, destinationName, saved }: MovePlan) =>
  conflict(
    `The VM runs on ${destinationName}, where somebody had it go on; ${sourceName} has it too, with its memory in ${saved?.here.path}.`,
    `Undefine it on the host where it shall not be; it must not run on both.`,
  )

/** The VM once nothing saves or restores its memory any more. @throws OutcomeUnknown while something does */
export async function settled(
  host: HypervisorHost,
  plan: MovePlan,
  { breakOff = false }: { breakOff?: boolean } = {},
): Promise<VmFacts | null> {
  const look = async () => {
    const facts = await host.readVm(plan.uuid)
    if (!facts || facts.state === 'off') return { facts }
    const job = await host.readJob(plan.uuid)
    if (isSaveJob(job) && breakOff) await host.abortJob(plan.uuid)
    return !isBeingSaved(facts, job) && facts.stateReason !== 'starting up' && { facts }
  }
  const seen = await until(look, { timeoutMs: settleMs })
  if (!seen) throw new OutcomeUnknown('the VM is still being started')
  return seen.facts
}
