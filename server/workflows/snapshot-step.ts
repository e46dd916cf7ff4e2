import { demandStorage, insideRule } from '#server/core/snapshot.ts'
import { recordSnapshots } from '#server/core/snapshot-table.ts'
import { conflict, unsupported } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { SnapshotFacts, SnapshotMark, VmFacts } from '#server/hypervisor/facts.ts'
import { startPaused, stopPaused } from './checkpoint-step.ts'
import type { StepContext } from './define.ts'
import { until } from './pause.ts'
import { vmOnHost, vmRow } from './vm-on-host.ts'

type Context = Pick<StepContext<unknown, object>, 'db' | 'host' | 'operation' | 'signal' | 'progress'>

/** A hypervisor that is at another snapshot, also one that a lost call of ours began, ends it within this time. */
const otherJobMs = 30 * 60_000

export interface Wanted {
  name: string
  description: string
  withMemory: boolean
  mark: SnapshotMark
}

/** Takes a snapshot unless this operation has done so already. @returns what was taken */
export async function takeOnce(
  context: Context,
  host: HypervisorHost,
  facts: VmFacts,
  wanted: Wanted,
): Promise<SnapshotFacts> {
  await untilIdle(context, host, facts)
  const mark = { ...wanted.mark, operationId: context.operation.id }
  const mine = () =>
    host.listSnapshots(facts.uuid).then((all) => all.find((each) => isMine(context, each, wanted.name)))
  const earlier = await mine()
  if (earlier) return earlier
  const isOn = facts.state !== 'off'
  const { withMemory, ...named } = wanted
  const storage = demandStorage(facts, withMemory, facts.snapshots)
  if (storage === 'internal') requireInside(facts)
  const quiesce = isOn && storage === 'external' && (await host.agentPing(facts.uuid, { timeoutMs: 3_000 }))
  context.progress({
    phase:
      isOn && storage === 'internal'
        ? 'saving memory: the VM stands still'
        : quiesce
          ? 'freezing its file systems'
          : 'marking its disks',
  })
  await host.takeSnapshot(facts.uuid, { ...named, storage, quiesce, mark })
  const taken = await mine()
  if (!taken) throw conflict(`${facts.name} has no snapshot ${wanted.name}, though its host said that it was taken.`)
  return taken
}

export const isMine = (context: Pick<Context, 'operation'>, snapshot: SnapshotFacts, name: string): boolean =>
  snapshot.name === name && snapshot.mark.operationId === context.operation.id

async function untilIdle(context: Context, host: HypervisorHost, facts: VmFacts): Promise<void> {
  if (facts.state === 'off') return
  const idle = await until(
    async () => {
      const job = await host.readJob(facts.uuid, { timeoutMs: 10_000 }).catch(() => null)
      return job?.kind !== 'snapshot' || job.state !== 'running'
    },
    { timeoutMs: otherJobMs, everyMs: 500, signal: context.signal },
  )
  if (!idle) throw conflict(`${facts.name} is still at another snapshot.`, 'Wait for its end, then try again.')
}

function requireInside(facts: VmFacts): void {
  const ruling = insideRule(facts.disks)
  if (ruling === true) return
  throw unsupported(
    ruling,
    facts.state === 'off'
      ? 'Start the VM and take one without memory, or convert the disk to qcow2.'
      : 'Take one without memory, or convert the disk to qcow2.',
  )
}

/**
 * Whether a VM has to stand paused while snapshots are deleted: of one that is off, and was moved or defined by hand,
 * libvirt does not know what its disks stand on, and so deletes none beside them.
 */
export const mustStand = ({ state }: Pick<VmFacts, 'state'>, doomed: readonly Pick<SnapshotFacts, 'storage'>[]) =>
  state === 'off' && doomed.some(({ storage }) => storage === 'external')

/** For one that was off before the first run of the step, which may have been broken off and have left it paused. */
export async function standingPaused(
  host: HypervisorHost,
  uuid: string,
  isNeeded: boolean,
  work: () => Promise<void>,
): Promise<void> {
  if (!isNeeded) return work()
  await startPaused(host, uuid)
  try {
    await work()
  } finally {
    await stopPaused(host, uuid)
  }
}

/** The rows as the host tells them now, without waiting for the inventory. */
export async function recordNow(context: Context): Promise<SnapshotFacts[]> {
  const { vm, host } = await vmOnHost(context)
  const snapshots = await host.listSnapshots(vm.uuid)
  await context.db.$transaction((tx) => recordSnapshots(tx, vm.id, snapshots))
  return snapshots
}

/** Takes a snapshot of this operation away again. */
export async function untake(context: Context, name: string): Promise<string | undefined> {
  const vm = await vmRow(context)
  const host = await context.host(vm.hostId)
  const taken = (await host.listSnapshots(vm.uuid)).find((each) => isMine(context, each, name))
  if (!taken) return undefined
  await host.deleteSnapshot(vm.uuid, name)
  await recordNow(context)
  return `deleted the snapshot ${name}`
}
