import { CredentialBox } from '#server/core/credential.ts'
import { env } from '#server/env.ts'
import { conflict, SkerryError } from '#server/errors.ts'
import type { BackupPlan } from '#server/hypervisor/backup-plan.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { Freeze, VmFacts } from '#server/hypervisor/facts.ts'
import { chunkBytes } from '#server/repository/layout.ts'
import type { Application, Consistency, Origin, RecoveryDisks, VmShape } from '#server/schema/backup.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { whileReady } from './application/readiness.ts'

import { copyDisks } from './backup-copy.ts'
import { backupRoute } from './backup-route.ts'
import { checkpointOf, isOwnCheckpoint, startPaused, stopPaused } from './checkpoint-step.ts'
import type { StepContext } from './define.ts'
import { requireVm, vmRow, vmWithDisks } from './vm-on-host.ts'

/** What the steps of a backup remember. */
export interface BackupMemory {
  hostId: string
  uuid: string
  wasOff: boolean
  /** The recovery point and checkpoint whose marks tell what has changed; null: everything is read */
  since: string | null
  disks: RecoveryDisks
  takenAtMs: number
  consistency: Consistency
  applications: Application[]
  readBytes: number
  storedBytes: number
  tookMs: number
  left: string[]
}

/** A step of any operation that takes a recovery point under its own id. */
export type BackupContext = StepContext<
  { datastoreId: string; full?: boolean; policyId?: string | undefined },
  BackupMemory
>
type Context = BackupContext

function need(context: Context): BackupMemory {
  if (!context.memory.uuid) throw new Error('looking comes first')
  return context.memory as BackupMemory
}

export const repositoryOf = ({ repositories, input, operation }: Context) =>
  repositories.repository(input.datastoreId, operation.tenantId)

/** Decides what is read. */
export async function look(context: Context): Promise<Partial<BackupMemory>> {
  const { vm, host, facts } = await vmWithDisks(context)
  const ruling = vmRule({ state: facts.state }, 'backup')
  if (ruling !== true) throw conflict(`${vm.name} can’t be backed up now. ${ruling}`)
  const disks = facts.disks
    .filter((disk) => disk.device === 'disk' && !disk.readOnly && disk.source)
    .map(({ target, capacityBytes }) => ({ target, sizeBytes: capacityBytes }))
  if (disks.length === 0) throw conflict(`${vm.name} has no disk to back up.`)
  return {
    ...{ hostId: vm.hostId, uuid: vm.uuid, wasOff: facts.state === 'off', disks },
    since: context.input.full ? null : await lastOf(context, host, vm.id),
  }
}

/** The newest recovery point here whose marks the host still has. */
async function lastOf(context: Context, host: HypervisorHost, vmId: string): Promise<string | null> {
  const { db, input, operation } = context
  const last = await db.recoveryPoint.findFirst({
    where: { vmId, datastoreId: input.datastoreId, tenantId: operation.tenantId },
    orderBy: { takenAt: 'desc' },
    select: { id: true, vmUuid: true },
  })
  if (!last) return null
  const repository = await repositoryOf(context)
  const checkpoints = await host.listCheckpoints(last.vmUuid)
  const isMarked = checkpoints.some(({ name }) => name === checkpointOf(last.id))
  return isMarked && (await repository.describe(last.id)) ? last.id : null
}

/** Marks this instant at the host, which offers the disks as they are then. */
export async function begin(context: Context): Promise<Partial<BackupMemory>> {
  const memory = need(context)
  const { id } = context.operation
  const host = await context.host(memory.hostId)
  const mine = async () => (await host.listCheckpoints(memory.uuid)).some(({ name }) => name === checkpointOf(id))
  if (await host.readBackup(memory.uuid)) {
    // Of an attempt that broke off: this one begins at an instant of its own.
    if (!(await mine())) {
      throw conflict(
        'Another backup of this VM goes on, which Skerry did not begin.',
        'Wait for its end, then try again.',
      )
    }
    await host.endBackup(memory.uuid)
  }
  if (memory.wasOff) {
    context.progress({ phase: 'opening its disks' })
    await startPaused(host, memory.uuid)
  }
  const now = await host.readVm(memory.uuid)
  if (now?.state === 'off') throw conflict(`${now.name} was shut down meanwhile.`, 'Back it up again.')
  // Of an attempt whose export is gone only the checkpoint is left.
  if (await mine()) await host.deleteCheckpoint(memory.uuid, checkpointOf(id))
  const quiesce =
    !memory.wasOff && now?.state === 'running' && (await host.agentPing(memory.uuid, { timeoutMs: 3_000 }))
  // Which takes far longer than the instant that the guest stands still.
  context.progress({ phase: quiesce ? 'readying its applications' : 'marking its disks' })
  const plan = {
    disks: memory.disks.map(({ target }) => target),
    listen: backupRoute(host).listen,
    quiesce,
    checkpoint: checkpointOf(id),
  }
  const mark = () => {
    if (quiesce) context.progress({ phase: 'freezing its file systems' })
    return markInstant(context, host, plan)
  }
  if (!quiesce) {
    const { since, takenAtMs } = await mark()
    return { since, takenAtMs, consistency: memory.wasOff ? 'off' : 'crash', applications: [] }
  }
  const { result, applications } = await whileReady(context, host, memory.uuid, mark)
  const { since, takenAtMs, freeze } = result
  if (freeze?.problem) context.log.warn({ uuid: memory.uuid, detail: freeze.detail }, 'the guest was not frozen')
  const stoodStill = freeze !== null && freeze.fileSystems > 0
  const isReady = stoodStill || applications.some(({ problem }) => problem === null)
  return {
    since,
    takenAtMs,
    consistency: isReady ? 'application' : 'crash',
    applications: [...asNotes(freeze), ...applications],
  }
}

/** What went wrong is told where the applications are. */
const asNotes = (freeze: Freeze | null): Application[] =>
  freeze?.problem
    ? [{ id: 'file-systems', instance: '', name: 'File systems', version: null, problem: freeze.problem }]
    : []

/** @returns since which backup the host tells what has changed, and whether the guest stood still */
async function markInstant(context: Context, host: HypervisorHost, plan: BackupPlan) {
  const { uuid, since } = need(context)
  if (since) {
    try {
      const { freeze } = await host.beginBackup(uuid, { ...plan, since: checkpointOf(since) })
      return { since, takenAtMs: Date.now(), freeze }
    } catch (error) {
      if (!(error instanceof SkerryError) || error.code === 'unavailable') throw error
      context.log.warn({ err: error }, 'marks of the last backup are of no use, everything is read')
    }
  }
  const { freeze } = await host.beginBackup(uuid, plan)
  return { since: null, takenAtMs: Date.now(), freeze }
}

export async function unbegin(context: Context): Promise<string | undefined> {
  if (!context.memory.uuid) return undefined
  const host = await context.host(need(context).hostId)
  const { uuid, wasOff } = need(context)
  const isMine = (await host.listCheckpoints(uuid)).some(({ name }) => name === checkpointOf(context.operation.id))
  // One that has shut down since, or whose host has failed, is off as well.
  let isStarted = false
  if (isMine) {
    isStarted = await startPaused(host, uuid)
    await host.endBackup(uuid)
    await host.deleteCheckpoint(uuid, checkpointOf(context.operation.id))
  } else if (!(await host.readBackup(uuid))) {
    // What was made for one that did not come to begin.
    await host.endBackup(uuid)
  }
  if (wasOff || isStarted) await stopPaused(host, uuid)
  return undefined
}

/** Reads into the datastore. */
export async function read(context: Context): Promise<Partial<BackupMemory>> {
  const { hostId, uuid, since, disks } = need(context)
  const { id } = context.operation
  const startedAt = performance.now()
  const repository = await repositoryOf(context)
  const done = await repository.describe(id)
  if (done) {
    const { storedBytes, writtenChunkCount, createdAtMs } = done.description
    const tookMs = Math.max(0, createdAtMs - need(context).takenAtMs)
    return { storedBytes, readBytes: writtenChunkCount * chunkBytes, tookMs }
  }
  const host = await context.host(hostId)
  const exports = await host.readBackup(uuid)
  if (!exports) throw conflict('The host has ended the backup before it was read.', 'Try again.')
  const route = backupRoute(host)
  const writer = await repository.startBackup({
    id,
    parentId: since ?? undefined,
    disks: disks.map(({ target, sizeBytes }) => ({ name: target, sizeBytes })),
    label: { vm: uuid },
  })
  try {
    const readBytes = await route.reach(exports.address, context.signal, (connect) =>
      copyDisks(context, exports, connect, writer),
    )
    const { description } = await writer.commit()
    return { readBytes, storedBytes: description.storedBytes, tookMs: Math.round(performance.now() - startedAt) }
  } catch (error) {
    await writer.abort()
    throw error
  }
}

export async function record(context: Context): Promise<undefined> {
  const memory = need(context)
  const { db, operation, input } = context
  const vm = await vmRow(context)
  const host = await context.host(memory.hostId)
  const definition = await host.readXml(memory.uuid, { secure: true, inactive: true })
  const sealed = CredentialBox.fromText(env().SKERRY_KEY).seal(definition, operation.id)
  await db.recoveryPoint.createMany({
    skipDuplicates: true,
    data: [
      {
        ...{ id: operation.id, tenantId: vm.tenantId, vmId: vm.id, vmUuid: vm.uuid, vmName: vm.name },
        ...{ datastoreId: input.datastoreId, takenAt: new Date(memory.takenAtMs), consistency: memory.consistency },
        applications: memory.applications,
        ...{ reading: memory.since ? 'incremental' : 'full', parentId: memory.since, disks: memory.disks },
        sizeBytes: BigInt(memory.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)),
        ...{ readBytes: BigInt(memory.readBytes), storedBytes: BigInt(memory.storedBytes), tookMs: memory.tookMs },
        ...{ definition: sealed, shape: shapeOf(await requireVm(host, memory.uuid, vm.name, context.signal)) },
        ...(await originOf(context)),
      },
    ],
  })
  return undefined
}

const shapeOf = (facts: VmFacts): VmShape => ({
  ...{ vcpuCount: facts.vcpuCount, memoryBytes: facts.memoryBytes, architecture: facts.architecture },
  ...{ machineType: facts.machineType, cpuMode: facts.cpuMode, accelerator: facts.accelerator },
  cards: facts.interfaces.map(({ mac, networkName }) => ({ mac, network: networkName })),
})

async function originOf({ db, input, operation }: Context): Promise<{ origin: Origin; policyId?: string }> {
  if (operation.kind === 'restore-vm') return { origin: 'restore' }
  if (!input.policyId) return { origin: 'person' }
  // The policy may be gone by now; then nothing removes the recovery point by itself.
  const policy = await db.protectionPolicy.findUnique({ where: { id: input.policyId }, select: { id: true } })
  return { origin: 'policy', ...(policy ? { policyId: policy.id } : {}) }
}

/** Takes the recovery point away again. */
export async function unread(context: Context): Promise<string | undefined> {
  const repository = await repositoryOf(context)
  await context.db.recoveryPoint.deleteMany({ where: { id: context.operation.id } })
  if (!(await repository.describe(context.operation.id))) return undefined
  await repository.remove(context.operation.id)
  return 'removed the recovery point'
}

/** Ends the reading at the host. @returns checkpoints that could not be deleted */
export async function end(context: Context): Promise<string[]> {
  const host = await context.host(need(context).hostId)
  const { uuid, wasOff } = need(context)
  await host.endBackup(uuid)
  if (wasOff) await startPaused(host, uuid)
  const left = await forgetOlder(context, host)
  if (wasOff) await stopPaused(host, uuid)
  return left
}

/**
 * The marks since the newest recovery point of each datastore are all that the next backup needs; also those of one that
 * was removed go. @returns what could not be deleted
 */
async function forgetOlder(context: Context, host: HypervisorHost): Promise<string[]> {
  const { uuid } = need(context)
  const { db, input, operation } = context
  const elsewhere = await db.recoveryPoint.findMany({
    where: { vmUuid: uuid, tenantId: operation.tenantId, datastoreId: { not: input.datastoreId } },
    orderBy: { takenAt: 'desc' },
    distinct: ['datastoreId'],
    select: { id: true },
  })
  const needed = new Set([operation, ...elsewhere].map(({ id }) => checkpointOf(id)))
  const left: string[] = []
  for (const { name } of await host.listCheckpoints(uuid)) {
    if (!isOwnCheckpoint(name) || needed.has(name)) continue
    await host.deleteCheckpoint(uuid, name).catch((error: Error) => left.push(`${name}: ${error.message}`))
  }
  return left
}
