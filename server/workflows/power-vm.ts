/**
 * Starts, stops and interrupts a VM. Each action looks at the VM first, so a second run after a lost answer changes
 * nothing more; only `reset` and `reboot` may then happen twice, which the guest sees as one longer interruption.
 *
 * | state         | start | shutdown | reboot | reset | suspend | resume | force-off |
 * |---------------|-------|----------|--------|-------|---------|--------|-----------|
 * | running       | done  | yes      | yes    | yes   | yes     | done   | yes       |
 * | paused        | no    | no       | no     | yes   | done    | yes    | yes       |
 * | shutting down | no    | waits    | no     | yes   | no      | done   | yes       |
 * | off           | yes   | done     | no     | no    | no      | no     | done      |
 * | crashed       | no    | no       | no     | yes   | no      | no     | yes       |
 * | sleeping      | no    | no       | no     | yes   | no      | yes    | yes       |
 *
 * A guest that does not shut down in time is left running; the error offers to force it off. Nothing is undone: each
 * action is one change of the hypervisor, made or not made.
 */

import { conflict } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts, VmPowerState } from '#server/hypervisor/facts.ts'
import { PowerInput } from '#server/schema/vm-action.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { StepError } from './attempt.ts'
import { defineWorkflow, type StepContext } from './define.ts'
import { type ShutdownWay, shutDownGuest, shutdownWay } from './shut-down.ts'
import { vmOnHost } from './vm-on-host.ts'

interface Memory {
  by: ShutdownWay
  state: VmPowerState
}

/** Where each action leads: a VM that is there already needs nothing. */
const goal: Record<PowerInput['action'], readonly VmPowerState[]> = {
  start: ['running'],
  shutdown: ['off'],
  reboot: [],
  reset: [],
  suspend: ['paused'],
  resume: ['running'],
  'force-off': ['off'],
}

export const powerVm = defineWorkflow<PowerInput, Memory>({
  kind: 'power-vm',
  input: PowerInput,
  result: ({ by, state }) => ({ by: by ?? null, state }),
  steps: [
    {
      name: 'power',
      do: async (context) => {
        const { vm, host, facts } = await vmOnHost(context)
        const { action } = context.input
        if (goal[action].includes(facts.state)) return { state: facts.state }
        const ruling = vmRule({ state: facts.state }, action)
        if (action === 'shutdown') return shutDown(context, host, facts)
        if (ruling !== true) throw conflict(`${vm.name} can’t do that now. ${ruling}`)
        if (action === 'reboot') return reboot(context, host, facts)
        // From now on its disks may hold something.
        if (action === 'start' && vm.follows) {
          await context.db.vm.update({ where: { id: vm.id }, data: { follows: false } })
        }
        await host.power(vm.uuid, { action }, { signal: context.signal, timeoutMs: 60_000 })
        return { state: (await host.readVm(vm.uuid))?.state ?? 'off' }
      },
    },
  ],
})

async function reboot(context: StepContext<PowerInput, Memory>, host: HypervisorHost, facts: VmFacts) {
  const by = await shutdownWay(host, facts.uuid)
  await host.power(facts.uuid, { action: 'reboot', by }, { signal: context.signal })
  return { by, state: facts.state }
}

async function shutDown(context: StepContext<PowerInput, Memory>, host: HypervisorHost, facts: VmFacts) {
  const { timeoutMs } = context.input
  const name = context.operation.targetName
  if (facts.state !== 'shutting_down') {
    const ruling = vmRule({ state: facts.state }, 'shutdown')
    if (ruling !== true)
      throw new StepError('conflict', `${name} can’t shut down now. ${ruling}`, { offer: 'force-off' })
  }
  const { by, isOff } = await shutDownGuest(context, host, facts, timeoutMs)
  if (isOff) return { ...(by && { by }), state: 'off' as const }
  throw new StepError('conflict', `${name} did not shut down in ${Math.round(timeoutMs / 1000)} s.`, {
    wayOut: 'Give it more time, or force it off: the guest then has no chance to save anything.',
    offer: 'force-off',
  })
}
