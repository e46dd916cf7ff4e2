import { conflict, notFound, unavailable } from '#server/errors.ts'
import type { HypervisorHost, VmOptions } from '#server/hypervisor/driver.ts'
import type { DiskFacts, VmFacts } from '#server/hypervisor/facts.ts'
import type { StepContext } from './define.ts'
import { until } from './pause.ts'

type AnyContext = Pick<StepContext<unknown, object>, 'db' | 'host' | 'operation' | 'signal'>

/**
 * The VM's row as the database has it now.
 * @throws not-found when it is gone, or has been given to another tenant than the one for which the operation was allowed
 */
export async function vmRow(context: AnyContext, id = context.operation.targetId) {
  const vm = await context.db.vm.findUnique({ where: { id }, include: { disks: true } })
  if (!vm || vm.tenantId !== context.operation.tenantId) throw notFound('VM', id)
  return vm
}

/** The VM's row, its connected host and what that host says of it now. @throws conflict when the host has no such VM */
export async function vmOnHost(context: AnyContext, options: VmOptions = {}) {
  const vm = await vmRow(context)
  const host = await context.host(vm.hostId)
  const facts = await requireVm(host, vm.uuid, vm.name, context.signal, options)
  return { vm, host, facts }
}

/** What a host may leave out for a moment while it does something else with the VM. */
const missingSize = (facts: VmFacts) =>
  facts.disks.find((disk) => disk.device === 'disk' && disk.source !== null && disk.capacityBytes === 0)

/**
 * As `vmOnHost`, with the sizes of all disks.
 * @throws unavailable when the host does not tell one of them for ten seconds
 */
export async function vmWithDisks(context: AnyContext) {
  const { vm, host, ...found } = await vmOnHost(context)
  let { facts } = found
  const isWhole = async () => {
    if (!missingSize(facts)) return true
    facts = await requireVm(host, vm.uuid, vm.name, context.signal)
    return false
  }
  await until(isWhole, { timeoutMs: 10_000, signal: context.signal })
  const missing = missingSize(facts)
  if (!missing) return { vm, host, facts }
  throw unavailable(
    `The size of the disk ${missing.target} of ${vm.name} could not be read: its host is busy with it.`,
    {
      wayOut: 'Try again in a moment.',
    },
  )
}

export async function requireVm(
  host: HypervisorHost,
  uuid: string,
  name: string,
  signal: AbortSignal,
  options: VmOptions = {},
): Promise<VmFacts> {
  const facts = await host.readVm(uuid, { ...options, signal })
  if (!facts) throw conflict(`${name} is not on its host any more.`, 'Reload to see where it is now.')
  return facts
}

/** The volume that a disk is, which its definition may name by its pool; null when it is none of a pool. */
export async function volumeOfDisk(
  host: HypervisorHost,
  { source, poolName, volumeName }: Pick<DiskFacts, 'source' | 'poolName' | 'volumeName'>,
) {
  if (poolName !== null && volumeName !== null) return host.findVolume({ pool: poolName, name: volumeName })
  return source === null ? null : host.findVolume(source)
}
