import { expect } from 'vitest'
import { trialVm } from '#server/testing/trial-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { powerVm } from './power-vm.ts'

proveWorkflow({
  workflow: powerVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const { host, ask, clear } = await trialVm(fleet, name, 'off')
    const known = async () => (await host.lab.virsh('list', '--all', '--name')).split('\n').filter(Boolean)
    return {
      clear,
      ask: () => ask('power-vm', { action: 'start' }),
      done: async () => expect((await host.lab.virsh('domstate', name)).trim()).toBe('running'),
      // A start is not taken back: what must not happen is a second VM or a lost one.
      async remains() {
        const others = (await known()).filter((each) => each !== name)
        return (await known()).includes(name) ? others : [...others, 'it is lost']
      },
    }
  },
})
