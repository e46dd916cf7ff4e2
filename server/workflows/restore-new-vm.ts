/**
 * Makes a VM of a recovery point: with disks, a UUID and addresses of its own, at any host. The VM that the recovery
 * point was taken of may be gone, run or be elsewhere; nothing is asked of it.
 */
import { CredentialBox } from '#server/core/credential.ts'
import { taggedName } from '#server/core/volume-name.ts'
import { env } from '#server/env.ts'
import { notFound } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { restoredXml } from '#server/hypervisor/libvirt/xml/restored.ts'
import { RestoreNewVmPlan } from '#server/schema/backup.ts'
import type { StepContext } from './define.ts'
import { type MadeVolume, removeMade, volumeAt } from './new-vm.ts'
import { defineNewVmWorkflow } from './new-vm-workflow.ts'
import { type DiskWriting, type Written, writeDisks } from './write-disks.ts'

interface Memory extends Written {
  disks: (MadeVolume & { target: string; sizeBytes: number })[]
  unplugged: number
  /** Devices that only the host of then has */
  leftOut: string[]
}
type Context = StepContext<RestoreNewVmPlan, Memory>

export const restoreNewVm = defineNewVmWorkflow<RestoreNewVmPlan, Memory>({
  kind: 'restore-new-vm',
  input: RestoreNewVmPlan,
  vmOf: ({ input, operation }) => ({ ...input, id: operation.targetId }),
  plan,
  disks: {
    name: 'write disks',
    make: writeAll,
    made: ({ disks }) => disks ?? [],
    letGo: ({ operation }, host) => host.closeDisks(operation.id),
  },
  definition,
  start: ({ start }) => start,
  result: ({ writtenBytes, writeMs, unplugged, leftOut }) => ({ writtenBytes, writeMs, unplugged, leftOut }),
})

const repositoryOf = ({ repositories, input, operation }: Context) =>
  repositories.repository(input.datastoreId, operation.tenantId)

async function plan(context: Context): Promise<Partial<Memory>> {
  const { input, operation } = context
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

async function writeAll(context: Context, host: HypervisorHost): Promise<Partial<Memory>> {
  const { input, memory, operation } = context
  const disks = memory.disks ?? []
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

async function definition(context: Context): Promise<{ xml: string; remember: Partial<Memory> }> {
  const { input, memory, db } = context
  const point = await db.recoveryPoint.findUnique({ where: { id: input.recoveryPointId } })
  if (!point) throw notFound('recovery point', input.recoveryPointId)
  const original = CredentialBox.fromText(env().SKERRY_KEY).open(point.definition, point.id)
  const { uuid, name, notes, networks } = input
  const { xml, leftOut } = restoredXml(String(original), {
    ...{ uuid, name, notes, networks, mac: (index) => macOf(uuid, index) },
    disks: Object.fromEntries((memory.disks ?? []).map(({ target, path }) => [target, path])),
  })
  return { xml, remember: { leftOut, unplugged: networks.filter((network) => network === null).length } }
}
