import { conflict, notFound } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import type { StepContext } from './define.ts'

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
export async function vmOnHost(context: AnyContext) {
  const vm = await vmRow(context)
  const host = await context.host(vm.hostId)
  const facts = await requireVm(host, vm.uuid, vm.name, context.signal)
  return { vm, host, facts }
}

export async function requireVm(
  host: HypervisorHost,
  uuid: string,
  name: string,
  signal: AbortSignal,
): Promise<VmFacts> {
  const facts = await host.readVm(uuid, { signal })
  if (!facts) throw conflict(`${name} is not on its host any more.`, 'Reload to see where it is now.')
  return facts
}
