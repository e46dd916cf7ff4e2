/**
 * Measures how fast a running guest changes its memory, which the migration preview reckons with. The guest does not
 * notice. The newest result is read back from the operation's row.
 *
 * | state   | measure                         |
 * |---------|---------------------------------|
 * | running | yes                             |
 * | others  | refused: nothing changes there  |
 */

import { conflict } from '#server/errors.ts'
import type { DirtyRate } from '#server/hypervisor/facts.ts'
import { MeasureInput } from '#server/schema/vm-action.ts'
import { vmRule } from '#server/schema/vm-rule.ts'
import { defineWorkflow } from './define.ts'
import { vmOnHost } from './vm-on-host.ts'

export const measureVm = defineWorkflow<MeasureInput, DirtyRate>({
  kind: 'measure-vm',
  input: MeasureInput,
  result: ({ bytesPerSecond, measuredMs }) => ({ bytesPerSecond, measuredMs }),
  steps: [
    {
      name: 'measure',
      do: async (context) => {
        const { vm, host, facts } = await vmOnHost(context)
        const ruling = vmRule({ state: facts.state }, 'measure')
        if (ruling !== true) throw conflict(`${vm.name} can’t be measured. ${ruling}`)
        context.progress({ phase: 'measuring' })
        return host.measureDirtyRate(vm.uuid, context.input.measureMs, { signal: context.signal })
      },
    },
  ],
})
