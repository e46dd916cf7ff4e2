/**
 * Makes a VM of a recovery point: with disks, a UUID and addresses of its own, at any host. The VM that the recovery
 * point was taken of may be gone, run or be elsewhere; nothing is asked of it. The row was written with the request and
 * holds its place and quota.
 *
 * | there is        | write disks | define   | start | undo                                |
 * |-----------------|-------------|----------|-------|-------------------------------------|
 * | nothing         | yes         | yes      | yes   | only the row goes                   |
 * | half a disk     | anew        | –        | –     | removed                             |
 * | the definition  | –           | the same | yes   | forced off, removed, then its disks |
 */
import { CredentialBox } from '#server/core/credential.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { env } from '#server/env.ts'
import { conflict, notFound } from '#server/errors.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { restoredXml } from '#server/hypervisor/libvirt/xml/restored.ts'
import { RestoreNewVmPlan } from '#server/schema/backup.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import {
  leaveReservedRow,
  type MadeVolume,
  recordNewVm,
  removeAllMade,
  removeDefinition,
  removeMade,
  removeReservedRow,
  requireStillLeft,
  startNewVm,
  stopNewVm,
  volumeAt,
} from './new-vm.ts'
import { type DiskWriting, type Written, writeDisks } from './write-disks.ts'

interface Memory extends Written {
  disks: (MadeVolume & { target: string; sizeBytes: number })[]
  unplugged: number
  /** Devices that only the host of then has */
  leftOut: string[]
}
type Context = StepContext<RestoreNewVmPlan, Memory>

export const restoreNewVm = defineWorkflow<RestoreNewVmPlan, Memory>({
  kind: 'restore-new-vm',
  input: RestoreNewVmPlan,
  stillLeft: (context) => requireStillLeft(context, vmOf(context)),
  result: ({ writtenBytes, writeMs, unplugged, leftOut }) => ({ writtenBytes, writeMs, unplugged, leftOut }),
  steps: [
    {
      name: 'reserve',
      do: reserve,
      undo: (context) => removeReservedRow(context, vmOf(context)),
      leave: (context) => leaveReservedRow(context, vmOf(context)),
    },
    {
      name: 'write disks',
      do: writeAll,
      undo: async (context) => {
        const { disks } = context.memory
        if (!disks) return undefined
        const host = await context.host(context.input.hostId)
        await host.closeDisks(context.operation.id)
        return removeAllMade(context, host, disks)
      },
    },
    { name: 'define', do: define, undo: (context) => removeDefinition(context, vmOf(context)) },
    {
      name: 'start',
      do: async (context) => {
        if (context.input.start) await startNewVm(context, vmOf(context))
        return undefined
      },
      undo: (context) => stopNewVm(context, vmOf(context)),
    },
    {
      name: 'record',
      do: async (context) => {
        await recordNewVm(context, await context.host(context.input.hostId), vmOf(context))
        return undefined
      },
    },
  ],
})

const vmOf = ({ input, operation }: Context) => ({ ...input, id: operation.targetId })

const repositoryOf = ({ repositories, input, operation }: Context) =>
  repositories.repository(input.datastoreId, operation.tenantId)

async function reserve(context: Context): Promise<Partial<Memory>> {
  const { input, operation, db } = context
  const host = await context.host(input.hostId)
  const row = await db.vm.findUnique({ where: { id: operation.targetId } })
  if (!row) throw conflict(`The place held for ${input.name} is gone.`, 'Restore it again.')
  const namesake = (await host.listVms()).find((vm) => vm.name === input.name && vm.uuid !== input.uuid)
  if (namesake) throw conflict(`There is a VM named ${input.name} on the host already.`, 'Choose another name.')
  const point = await (await repositoryOf(context)).describe(input.recoveryPointId)
  if (!point) throw notFound('recovery point', input.recoveryPointId)
  const disks: Memory['disks'] = []
  for (const { name: target, sizeBytes } of point.description.disks) {
    if (!input.disks.includes(target)) continue
    const name = taggedName(`${input.name}-${target}.qcow2`, operation.id)
    disks.push({ ...(await volumeAt(context, input.hostId, input.pool, name)), target, sizeBytes })
  }
  return { disks }
}

/** Anew whenever it runs: of a half-written one nobody knows which half. */
async function writeAll(context: Context): Promise<Partial<Memory>> {
  const { input, memory, operation } = context
  const disks = memory.disks ?? []
  const host = await context.host(input.hostId)
  await host.closeDisks(operation.id)
  context.progress({ phase: 'making the disks' })
  for (const volume of disks) {
    await removeMade(context, host, volume)
    const { pool, name, sizeBytes } = volume
    await host.createVolume(pool, { name, format: 'qcow2', capacityBytes: sizeBytes }, { signal: context.signal })
  }
  const point = await (await repositoryOf(context)).recoveryPoint(input.recoveryPointId)
  try {
    const writings = disks.map(
      ({ target }): DiskWriting => ({
        target,
        bytes: point.contentBytes(target),
        parts: point.contents(target),
      }),
    )
    const opened = disks.map(({ target, path }) => ({ target, path, format: 'qcow2' as const }))
    return await writeDisks(context, host, { holder: operation.id, disks: opened }, writings)
  } finally {
    await point.close()
  }
}

async function define(context: Context): Promise<Partial<Memory>> {
  const { input, memory, db } = context
  const host = await context.host(input.hostId)
  const point = await db.recoveryPoint.findUnique({ where: { id: input.recoveryPointId } })
  if (!point) throw notFound('recovery point', input.recoveryPointId)
  const definition = CredentialBox.fromText(env().SKERRY_KEY).open(point.definition, point.id)
  const { uuid, name, notes, networks } = input
  const { xml, leftOut } = restoredXml(String(definition), {
    ...{ uuid, name, notes, networks, mac: (index) => macOf(uuid, index) },
    disks: Object.fromEntries((memory.disks ?? []).map(({ target, path }) => [target, path])),
  })
  await host.define(xml)
  return { leftOut, unplugged: networks.filter((network) => network === null).length }
}
