/**
 * Tries to connect to a host that is to be added, stage by stage, and says where it stops: name and port, TLS or ssh,
 * permission, hypervisor. Changes nothing. The credential lies sealed in the operation.
 *
 * | the host          | test                                       |
 * |-------------------|--------------------------------------------|
 * | answers           | what it is                                 |
 * | does not          | fails with the stage and the way out       |
 */
import { type HostSummary, TestHostPlan } from '#server/schema/host-action.ts'
import { defineWorkflow, type StepContext } from './define.ts'

/** One attempt at the address. @throws the stage that failed, with the way out */
export async function tryHost(context: StepContext<TestHostPlan, object>): Promise<HostSummary> {
  const { uri, sealed, hostId } = context.input
  context.progress({ phase: 'connecting' })
  const facts = await context.testHost(uri, sealed, hostId)
  const { hostname, hostUuid, architecture, cpuModel, cpuCount, memoryBytes } = facts
  const { libvirtVersion, hypervisorVersion, kvmOffered, simulated } = facts
  return {
    ...{ hostname, hostUuid, architecture, cpuModel, cpuCount, memoryBytes },
    ...{ libvirtVersion, hypervisorVersion, kvmOffered, simulated },
  }
}

export const testHost = defineWorkflow<TestHostPlan, HostSummary>({
  kind: 'test-host',
  input: TestHostPlan,
  result: (memory) => memory,
  steps: [{ name: 'connect', do: tryHost }],
})
