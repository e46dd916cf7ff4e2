import type { z } from 'zod'
import { requestClone, requestCreate } from '#server/core/vm-creation.ts'
import { CloneVmPlan, CreateVmInput } from '#server/schema/vm-action.ts'
import type { TestFleet } from './fleet.ts'

const actor = { kind: 'user' as const, id: 'tester', name: 'Tester' }
export const mib = 2 ** 20

/** The lab's small Linux as a template of the fleet. @returns its id */
export async function writeTemplate(fleet: TestFleet): Promise<string> {
  const template = await fleet.db.template.upsert({
    where: { name: 'Tiny Linux' },
    update: {},
    create: {
      name: 'Tiny Linux',
      operatingSystem: 'linux',
      poolName: 'templates',
      volumeName: 'tiny-linux.qcow2',
      cloudInit: true,
      minMemoryBytes: BigInt(64 * mib),
      minDiskBytes: BigInt(64 * mib),
    },
  })
  return template.id
}

/** Asks for a VM made of the template on host `a`, as the API does. */
export async function askCreate(fleet: TestFleet, name: string, more: Partial<z.input<typeof CreateVmInput>> = {}) {
  const input = CreateVmInput.parse({
    name,
    tenantId: null,
    siteId: (await fleet.db.site.findUniqueOrThrow({ where: { slug: 'a' } })).id,
    templateId: await writeTemplate(fleet),
    vcpuCount: 1,
    memoryBytes: 96 * mib,
    disks: [{ sizeBytes: 80 * mib }],
    networks: ['fleet'],
    ...more,
  })
  return fleet.db.$transaction((tx) => requestCreate({ tx, actor, requestId: null }, input, null))
}

/** @returns the operation's id and the twin's */
export async function askClone(fleet: TestFleet, vmId: string, name: string) {
  const { id, input } = await fleet.db.$transaction(async (tx) => {
    const vm = await tx.vm.findUniqueOrThrow({ where: { id: vmId } })
    return requestClone({ tx, actor, requestId: null }, vm, { name, notes: '' }, null)
  })
  return { id, twinId: CloneVmPlan.parse(input).twinId }
}
