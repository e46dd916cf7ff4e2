/**
 * Leads a VM's disks back to a recovery point, in place: it stays the same VM. It is shut down, what it is now becomes a
 * recovery point of this operation's id, so that the restore can be undone, and only the blocks that differ between the
 * two are written.
 *
 * | state              | restore                                                       |
 * |--------------------|---------------------------------------------------------------|
 * | running            | shut down first, started afterwards                           |
 * | off                | yes, and it stays off                                         |
 * | anything else      | refused                                                       |
 *
 * Broken off in the middle, what was written is written back. The marks for the next backup know what was written.
 */
import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { connectNbd } from '#server/nbd/connect.ts'
import { unlikeChunks } from '#server/repository/copy.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import type { RecoveryPoint } from '#server/repository/recovery-point.ts'
import { RestoreVmPlan } from '#server/schema/backup.ts'
import { StepError } from './attempt.ts'
import { backupRoute } from './backup-route.ts'
import { type BackupMemory, begin, end, look, read, record, repositoryOf, unbegin, unread } from './backup-step.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { until } from './pause.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory extends BackupMemory {
  wasRunning: boolean
  writtenBytes: number
}
type Context = StepContext<RestoreVmPlan, Memory>

export const restoreVm = defineWorkflow<RestoreVmPlan, Memory>({
  kind: 'restore-vm',
  input: RestoreVmPlan,
  noReturnAfter: 'write',
  result: ({ writtenBytes, readBytes }) => ({ writtenBytes, readBytes }),
  steps: [
    {
      // Apart, so that it is known whatever happens while it shuts down.
      name: 'note its state',
      do: async (context) => ({ wasRunning: (await vmOnHost(context)).facts.state !== 'off' }),
    },
    {
      name: 'shut down',
      do: shutDown,
      undo: async (context) => {
        if (!context.memory.wasRunning) return undefined
        await start(context)
        return 'started it again'
      },
    },
    { name: 'look', do: look },
    { name: 'begin', do: begin, undo: unbegin },
    { name: 'keep the present', do: read, undo: unread },
    { name: 'record the present', do: record },
    { name: 'end reading', do: async (context) => ({ left: await end(context) }) },
    {
      name: 'write',
      do: async (context) => ({
        writtenBytes: await writeDifference(context, context.operation.id, context.input.recoveryPointId),
      }),
      undo: async (context) => {
        // Whatever part of it was written: all that differs is what it was.
        await writeDifference(context, context.input.recoveryPointId, context.operation.id)
        return 'wrote back what it was'
      },
    },
    {
      name: 'start',
      do: async (context) => {
        if (context.memory.wasRunning) await start(context)
        return undefined
      },
    },
  ],
})

async function start(context: Context): Promise<void> {
  const { host, facts } = await vmOnHost(context)
  if (facts.state === 'off') await host.power(facts.uuid, { action: 'start' })
}

async function shutDown(context: Context): Promise<undefined> {
  const { vm, host, facts } = await vmOnHost(context)
  if (facts.state === 'off') return undefined
  if (facts.state !== 'running' && facts.state !== 'shutting_down') {
    throw conflict(`${vm.name} can’t be restored now: it is ${facts.state}.`, 'Resume it or force it off first.')
  }
  const by = (await host.agentPing(facts.uuid, { timeoutMs: 3_000 })) ? 'agent' : 'acpi'
  context.progress({ phase: 'waiting for the guest to shut down' })
  if (facts.state === 'running') await host.power(facts.uuid, { action: 'shutdown', by }, { signal: context.signal })
  const { shutdownMs } = context.input
  const isOff = await until(async () => ((await host.readVm(facts.uuid))?.state ?? 'off') === 'off', {
    timeoutMs: shutdownMs,
    everyMs: 500,
    signal: context.signal,
  })
  if (isOff) return undefined
  throw new StepError('conflict', `${vm.name} did not shut down in ${Math.round(shutdownMs / 1000)} s.`, {
    wayOut: 'Force it off, then restore it.',
    offer: 'force-off',
  })
}

/** Writes what differs between two recovery points over the disks, which are as in the first one, or anything between. */
async function writeDifference(context: Context, fromId: string, toId: string): Promise<number> {
  const { vm, host, facts } = await vmOnHost(context)
  if (facts.state !== 'off') throw conflict(`${vm.name} was started meanwhile.`, 'Shut it down, then restore it again.')
  const [from, to] = [await pointOf(context, fromId), await pointOf(context, toId)]
  const holder = context.operation.id
  try {
    // One of an attempt that broke off may still hold them.
    await host.closeDisks(holder)
    const disks = facts.disks.flatMap(({ target, source, format }) =>
      source && to.description.disks.some(({ name }) => name === target)
        ? [{ target, path: source, format: format === 'raw' ? ('raw' as const) : ('qcow2' as const) }]
        : [],
    )
    const missing = to.description.disks.find(({ name }) => !disks.some(({ target }) => target === name))
    if (missing) throw conflict(`${vm.name} has no disk ${missing.name} any more.`, 'Restore it as a new VM.')
    return await overNbd(context, host, { holder, disks }, async (target, write) => {
      const changed: number[] = []
      for await (const { index } of changedIn(context, from, to, target)) changed.push(index)
      changed.sort((a, b) => a - b)
      await write(changed.length * chunkBytes, to.chunks(target, changed))
    })
  } finally {
    await Promise.all([from.close(), to.close()])
  }
}

/** The one that is restored may lie in an archive store; what the VM was lies in the datastore. */
async function pointOf(context: Context, id: string): Promise<RecoveryPoint> {
  const { archiveStoreId, recoveryPointId } = context.input
  const { tenantId } = context.operation
  if (id !== recoveryPointId || archiveStoreId === null) return (await repositoryOf(context)).recoveryPoint(id)
  if (tenantId === null) throw new Error('an archive belongs to a tenant')
  return (await context.repositories.archives.repository(archiveStoreId, tenantId)).recoveryPoint(id)
}

/** From the archive no more is read than what is another than in the datastore. */
async function* changedIn(context: Context, from: RecoveryPoint, to: RecoveryPoint, target: string) {
  if (context.input.archiveStoreId === null) {
    yield* (await repositoryOf(context)).changedChunks(from, to, target)
    return
  }
  const [near, far] = to.id === context.input.recoveryPointId ? [from, to] : [to, from]
  yield* unlikeChunks(near, far, target)
}

interface Part {
  offset: number
  length: number
  bytes: Buffer | undefined
}
type Write = (totalBytes: number, parts: AsyncIterable<Part>) => Promise<void>

async function overNbd(
  context: Context,
  host: HypervisorHost,
  plan: { holder: string; disks: { target: string; path: string; format: 'qcow2' | 'raw' }[] },
  work: (target: string, write: Write) => Promise<void>,
): Promise<number> {
  const route = backupRoute(host.address, host.address.name ?? 'its host', plan.holder)
  const opened = await host.openDisks({ ...plan, listen: route.listen })
  let writtenBytes = 0
  const startedAt = performance.now()
  try {
    for (const { target, exportName } of opened.disks) {
      const client = await connectNbd({ ...route.connect(opened.address), exportName })
      try {
        await work(target, async (totalBytes, parts) => {
          for await (const { offset, length, bytes } of parts) {
            if (bytes) await client.write(offset, bytes)
            else await client.writeZeroes(offset, length)
            writtenBytes += length
            const ratePerSecond = writtenBytes / Math.max(0.001, (performance.now() - startedAt) / 1000)
            const remainingMs = (Math.max(0, totalBytes - writtenBytes) / ratePerSecond) * 1000
            const progress = {
              done: writtenBytes,
              total: totalBytes,
              unit: 'bytes' as const,
              ratePerSecond,
              remainingMs,
            }
            context.progress({ phase: `writing ${target}`, ...progress })
          }
        })
        await client.flush()
      } finally {
        await client.close()
      }
    }
  } finally {
    await host.closeDisks(plan.holder)
  }
  return writtenBytes
}
