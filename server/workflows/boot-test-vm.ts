/**
 * Proves that a recovery point boots: restores it as a VM of its own that can meet nobody, starts it, waits until its
 * guest agent answers or its serial console says what is expected, keeps a picture and the times, and throws it away.
 * Of the VM that it was taken of nothing is asked, and nothing of it is touched; it may be gone.
 *
 * | there is        | write disks | define   | boot                     | remove | undo                       |
 * |-----------------|-------------|----------|--------------------------|--------|----------------------------|
 * | nothing         | yes         | yes      | yes                      | –      | –                          |
 * | half a disk     | anew        | –        | –                        | yes    | removed                    |
 * | the definition  | –           | the same | yes                      | yes    | removed, then its disks    |
 * | a guest, unseen | –           | –        | off, and once more       | yes    | forced off, and as above   |
 * | what was seen   | –           | –        | it is written down: done | yes    | forced off, and as above   |
 *
 * The VM has no row, and the inventory passes over it as long as the operation goes on; its volumes carry the
 * operation's mark. A guest that does not come up is what the test found out, and the operation has succeeded; one that
 * could not be carried through has failed, and the row of the test says so as well. What is left of one that broke off
 * is removed later by itself.
 */
import { pruneBootTests } from '#server/core/boot-test.ts'
import { asSkerryError, conflict } from '#server/errors.ts'
import type { ConsoleReading, HypervisorHost } from '#server/hypervisor/driver.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { hasAgentChannel, hasSerialPort, isIsolated, isolatedXml } from '#server/hypervisor/libvirt/xml/isolated.ts'
import { restoredXml } from '#server/hypervisor/libvirt/xml/restored.ts'
import { BootTestPlan, BootTestResult } from '#server/schema/boot-test.ts'
import { gatherEvidence } from './boot-test/evidence.ts'
import { type Verdict, watchBoot } from './boot-test/watch.ts'
import { defineWorkflow, type Step, type StepContext } from './define.ts'
import { type MadeVolume, type NewVm, removeAllMade, removeDefinition, stopNewVm, volumeAt } from './new-vm.ts'
import { Cancelled } from './pause.ts'
import {
  definitionThen,
  pathsOf,
  planRestored,
  type RestoredDisk,
  restoredName,
  writeRestored,
} from './restored-disk.ts'
import { SerialLog } from './serial-log.ts'
import type { Written } from './write-disks.ts'

interface Memory extends Written, BootTestResult {
  disks: RestoredDisk[]
  leftOut: string[]
}
type Context = StepContext<BootTestPlan, Memory>
type TestStep = Step<BootTestPlan, Memory>

const steps: readonly TestStep[] = [
  {
    name: 'reserve',
    do: async (context) => ({ disks: await planRestored(context) }),
    undo: settleUndone,
    leave: settleLeft,
  },
  {
    name: 'write disks',
    do: async (context) => {
      const startedMs = performance.now()
      const written = await writeRestored(context, await hostOf(context), context.memory.disks ?? [])
      return { ...written, restoreMs: Math.round(performance.now() - startedMs) }
    },
    undo: removeDisks,
  },
  { name: 'define', do: define, undo: (context) => removeDefinition(context, machineOf(context)) },
  { name: 'boot', do: boot, undo: (context) => stopNewVm(context, machineOf(context)) },
  { name: 'remove', do: remove },
  { name: 'record', do: record },
]

export const bootTestVm = defineWorkflow<BootTestPlan, Memory>({
  kind: 'boot-test-vm',
  input: BootTestPlan,
  result: ({ outcome, reason, restoreMs, bootMs, leftOut, writtenBytes, writeMs }) => ({
    ...{ outcome, reason, restoreMs, bootMs, leftOut, writtenBytes, writeMs },
  }),
  steps: steps.map(telling),
})

const hostOf = (context: Context) => context.host(context.input.hostId)
const machineOf = ({ input, operation }: Context): NewVm => ({ ...input, id: operation.id })
const rowOf = ({ db, operation }: Context) => db.bootTest.findUnique({ where: { id: operation.id } })

/** What keeps a test from being carried through is what its row says, should it not come to more. */
function telling(step: TestStep): TestStep {
  return {
    ...step,
    do: async (context) => {
      try {
        return await step.do(context)
      } catch (error) {
        if (!(error instanceof Cancelled) && !context.signal.aborted) {
          const reason = asSkerryError(error).message
          const where = { id: context.operation.id, outcome: 'running' }
          await context.db.bootTest.updateMany({ where, data: { reason } })
        }
        throw error
      }
    },
  }
}

async function define(context: Context): Promise<Partial<Memory>> {
  const { uuid, name } = context.input
  const restored = restoredXml(await definitionThen(context), {
    ...{ uuid, name, notes: 'A boot test by Skerry; it is removed by itself.', networks: [] },
    mac: (index) => macOf(uuid, index),
    disks: pathsOf(context.memory.disks ?? []),
  })
  const { xml, leftOut } = isolatedXml(restored.xml)
  await (await hostOf(context)).define(xml)
  return { leftOut: [...new Set([...restored.leftOut, ...leftOut])] }
}

async function boot(context: Context): Promise<Partial<Memory>> {
  const { input, memory, operation, db } = context
  const restoreMs = memory.restoreMs ?? 0
  const earlier = await rowOf(context)
  if (!earlier) throw conflict('The record of this test is gone.', 'Test it again.')
  if (earlier.outcome !== 'running') {
    return BootTestResult.parse({ ...earlier, restoreMs })
  }
  const host = await hostOf(context)
  // One of which nobody knows for how long it runs proves nothing about time.
  await stopNewVm(context, machineOf(context))
  const serial = new SerialLog()
  const verdict = await bootOnce(context, host, serial)
  const evidence = await gatherEvidence(host, input.uuid, serial, verdict.proof === 'agent')
  const seen =
    verdict.proof === null
      ? { outcome: 'failed' as const, reason: verdict.reason, bootMs: null }
      : { outcome: 'proven' as const, reason: null, bootMs: verdict.bootMs }
  await db.bootTest.updateMany({
    where: { id: operation.id, outcome: 'running' },
    data: { ...seen, ...evidence, restoreMs, proof: verdict.proof, endedAt: new Date() },
  })
  return { ...seen, restoreMs }
}

/** From its start to the answer; the guest's first instruction comes after somebody listens. */
async function bootOnce(context: Context, host: HypervisorHost, serial: SerialLog): Promise<Verdict> {
  const { input, signal } = context
  const { uuid } = input
  context.progress({ phase: 'starting it where it meets nobody' })
  const startedMs = performance.now()
  try {
    await host.power(uuid, { action: 'start', paused: true }, { timeoutMs: 120_000 })
  } catch (error) {
    // An answer of the hypervisor is one about this recovery point, too.
    if (!isAnswer(error)) throw error
    return { proof: null, reason: asSkerryError(error).message }
  }
  const definition = await host.readXml(uuid)
  if (!isIsolated(definition)) throw conflict('The throw-away VM could meet others, so it was not let run.')
  const console = hasSerialPort(definition) ? await openConsole(host, uuid) : null
  try {
    if (console) void listen(console.bytes, serial)
    await host.power(uuid, { action: 'resume' })
    const { proof, serialText, limitSeconds } = input
    context.progress({ phase: 'waiting for its guest' })
    const hasAgent = hasAgentChannel(definition)
    const watched = { vm: uuid, proof, serialText, limitSeconds, startedMs, hasAgent, serial: console && serial }
    return await watchBoot(host, watched, signal)
  } finally {
    console?.close()
  }
}

/** @returns null where the hypervisor does not let anybody listen: the agent may still answer */
async function openConsole(host: HypervisorHost, vm: string): Promise<ConsoleReading | null> {
  try {
    return await host.openConsole(vm)
  } catch (error) {
    if (isAnswer(error)) return null
    throw error
  }
}

async function listen(bytes: AsyncIterable<Uint8Array>, serial: SerialLog): Promise<void> {
  try {
    for await (const part of bytes) serial.add(part)
  } catch {
    // Whoever hangs up, or whose VM ends, is heard no more.
  }
}

const isAnswer = (error: unknown) =>
  error instanceof Error && error.cause instanceof Error && error.cause.name === 'LibvirtError'

async function removeDisks(context: Context): Promise<string | undefined> {
  const host = await hostOf(context)
  await host.closeDisks(context.operation.id)
  return removeAllMade(context, host, context.memory.disks ?? (await disksByPlan(context)))
}

/** What an upgrade ended in the middle remembers nothing; its recovery point may be gone. */
function disksByPlan(context: Context): Promise<MadeVolume[]> {
  const { hostId, pool, name, disks } = context.input
  return Promise.all(
    disks.map((target) => volumeAt(context, hostId, pool, restoredName(name, target, context.operation.id))),
  )
}

async function remove(context: Context): Promise<undefined> {
  context.progress({ phase: 'throwing it away' })
  await stopNewVm(context, machineOf(context))
  await removeDefinition(context, machineOf(context))
  await removeDisks(context)
}

async function record({ db, operation }: Context): Promise<undefined> {
  const { vmUuid } = await db.bootTest.update({
    where: { id: operation.id },
    data: { machineGone: true },
    select: { vmUuid: true },
  })
  await db.$transaction((tx) => pruneBootTests(tx, vmUuid))
}

/** Nothing is left of its VM. One that was cancelled before anything was seen was never there. */
async function settleUndone({ db, operation }: Context): Promise<undefined> {
  const where = { id: operation.id }
  const { cancelRequestedAt } = await db.operation.findUniqueOrThrow({ where, select: { cancelRequestedAt: true } })
  if (cancelRequestedAt) await db.bootTest.deleteMany({ where: { ...where, outcome: 'running' } })
  await settleLeft({ db, operation })
  await db.bootTest.updateMany({ where, data: { machineGone: true } })
}

async function settleLeft({ db, operation }: Pick<Context, 'db' | 'operation'>): Promise<void> {
  const where = { id: operation.id, outcome: 'running' }
  await db.bootTest.updateMany({
    where: { ...where, reason: null },
    data: { reason: 'The test broke off before there was an answer.' },
  })
  await db.bootTest.updateMany({ where, data: { outcome: 'failed', endedAt: new Date() } })
}
