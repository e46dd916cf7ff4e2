import { expect } from 'vitest'
import { trialVm } from '#server/testing/trial-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { editVmXml } from './edit-vm-xml.ts'

proveWorkflow({
  workflow: editVmXml,
  hosts: ['a'],
  // What is defined is defined: the hypervisor takes the whole text or none of it.
  finalStep: 'define',
  async arrange(fleet, name) {
    const { judge, ask, clear } = await trialVm(fleet, name, 'running')
    const before = { files: await judge.files(), live: await judge.xml(name) }
    const wanted = (await judge.xml(name, '--inactive')).replace('<on_crash>destroy', '<on_crash>restart')
    return {
      clear,
      ask: () => ask('edit-vm-xml', { xml: wanted }),
      async done() {
        expect(await judge.known()).toEqual([name])
        expect(wanted).toContain('<on_crash>restart')
        expect(await judge.xml(name, '--inactive')).toBe(wanted)
        expect(await judge.xml(name)).toBe(before.live)
        expect(await judge.files()).toEqual(before.files)
      },
      remains: async () => [],
    }
  },
})
