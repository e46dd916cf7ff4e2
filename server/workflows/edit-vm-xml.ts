/**
 * Replaces a VM's definition for its next start by an operator's text, which libvirt checks against its schema. It is all
 * or nothing in the hypervisor itself, so there is nothing to undo; a running VM takes it up when it is started next.
 *
 * | state        | edit                         |
 * |--------------|------------------------------|
 * | any          | yes, from the next start on  |
 * | off          | yes                          |
 *
 * Name and UUID must stay: with others, libvirt would define a second VM. Secrets that are shown to nobody, such as the
 * passwords of screens, stay unless the text has others. What the VM grows by counts against its tenant's quota.
 */
import { definitionVersion } from '#server/core/definition-version.ts'
import { reserve } from '#server/core/quota.ts'
import { conflict, invalid } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { DiskFacts, VmFacts } from '#server/hypervisor/facts.ts'
import { identityOf } from '#server/hypervisor/libvirt/xml/relocate.ts'
import { withSecretsOf } from '#server/hypervisor/libvirt/xml/secret.ts'
import { readVmXml } from '#server/hypervisor/libvirt/xml/vm.ts'
import { type EditOutcome, EditXmlInput } from '#server/schema/vm-action.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { vmOnHost, volumeOfDisk } from './vm-on-host.ts'

type Context = StepContext<EditXmlInput, EditOutcome>

export const editVmXml = defineWorkflow<EditXmlInput, EditOutcome>({
  kind: 'edit-vm-xml',
  input: EditXmlInput,
  result: (memory) => ({ changes: [memory] }),
  steps: [
    { name: 'check', do: check },
    {
      name: 'define',
      do: async (context) => {
        const { vm, host, facts } = await vmOnHost(context)
        const secure = await host.readXml(vm.uuid, { secure: true, inactive: true })
        await host.define(withSecretsOf(context.input.xml, secure))
        return { what: 'definition', live: facts.state === 'off' }
      },
    },
  ],
})

async function check(context: Context): Promise<undefined> {
  const { vm, host, facts } = await vmOnHost(context, { withNext: true })
  const { xml, basedOn } = context.input
  const wanted = identityOf(xml)
  if (!wanted) throw invalid('The text is not the definition of a VM with a name.')
  if (wanted.uuid !== vm.uuid) throw invalid(`The definition must keep the UUID ${vm.uuid}.`, { field: 'xml' })
  if (wanted.name !== facts.name) {
    throw invalid(`The definition must keep the name ${facts.name}.`, {
      field: 'xml',
      wayOut: 'Rename the VM instead.',
    })
  }
  if (!facts.persistent) throw conflict(`${vm.name} has no definition to change: it exists only while it runs.`)
  const { nextXml } = facts
  if (basedOn !== undefined && basedOn !== definitionVersion(nextXml ?? facts.xml)) {
    // The host tells nobody of such a change; who opens the definition again shall see it.
    await context.db.vm.update({ where: { id: vm.id }, data: { nextXml } })
    throw conflict(
      `The definition of ${vm.name} was changed by somebody else meanwhile.`,
      'Open it again and make your change in the newer one.',
    )
  }
  await reserveGrowth(context, await growthOf(host, facts, xml), vm.tenantId)
  return undefined
}

/** What the text adds to the VM as it is, or will be anyhow; what it takes away counts as nothing until it is gone. */
async function growthOf(host: HypervisorHost, facts: VmFacts, xml: string) {
  const [wanted, next] = [readVmXml(xml), readVmXml(facts.nextXml ?? facts.xml)]
  const known = await placesOf(host, [...facts.disks, ...next.disks])
  let diskBytes = 0
  for (const disk of wanted.disks) {
    if (disk.device !== 'disk' || disk.source === null || known.has(disk.source)) continue
    const volume = await volumeOfDisk(host, disk)
    if (volume && !known.has(volume.path)) diskBytes += volume.capacityBytes
  }
  return {
    vcpus: Math.max(0, wanted.vcpuCount - Math.max(facts.vcpuCount, next.vcpuCount)),
    memoryBytes: BigInt(Math.max(0, wanted.memoryBytes - Math.max(facts.memoryBytes, next.memoryBytes))),
    diskBytes: BigInt(diskBytes),
  }
}

/** As definitions name them, and where that is by a pool also by their paths: the same disk may be named either way. */
async function placesOf(host: HypervisorHost, disks: readonly DiskFacts[]): Promise<Set<string | null>> {
  const byPool = disks.filter(({ kind }) => kind === 'volume')
  const volumes = await Promise.all(byPool.map((disk) => volumeOfDisk(host, disk)))
  return new Set([...disks.map(({ source }) => source), ...volumes.map((volume) => volume?.path ?? null)])
}

type Growth = Awaited<ReturnType<typeof growthOf>>

/** Held by the operation until it ends. Whatever a run before this one took is given back first. */
async function reserveGrowth({ db, operation }: Context, growth: Growth, tenantId: string | null) {
  const hold = ({ vcpus, memoryBytes, diskBytes }: Growth) => ({
    where: { id: operation.id },
    data: { reservedVcpus: vcpus, reservedMemoryBytes: memoryBytes, reservedDiskBytes: diskBytes },
  })
  await db.$transaction(async (tx) => {
    await tx.operation.update(hold({ vcpus: 0, memoryBytes: 0n, diskBytes: 0n }))
    await reserve(tx, tenantId, growth)
    await tx.operation.update(hold(growth))
  })
}
