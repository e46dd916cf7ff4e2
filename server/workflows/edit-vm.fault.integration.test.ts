import { expect } from 'vitest'
import { trialVm } from '#server/testing/trial-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { editVm } from './edit-vm.ts'

const mib = 2 ** 20

proveWorkflow({
  workflow: editVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    // Who takes a device out of a running VM needs its system for it.
    const { judge, ask, clear } = await trialVm(fleet, name, 'running', { hasSystem: true })
    const before = { files: await judge.files(), xml: await judge.xml(name, '--inactive') }
    return {
      clear,
      ask: () =>
        ask('edit-vm', {
          notes: 'edited',
          addDisks: [{ sizeBytes: 8 * mib }],
          addInterfaces: [{ network: 'fleet' }],
        }),
      async done() {
        const xml = await judge.xml(name)
        expect(xml).toContain('<description>edited</description>')
        expect(xml.match(/<disk /g)).toHaveLength(2)
        expect(xml.match(/<interface /g)).toHaveLength(2)
        expect(await judge.files()).toHaveLength(2)
      },
      async remains() {
        const extra = (await judge.files()).filter((file) => !before.files.includes(file))
        return (await judge.xml(name, '--inactive')) === before.xml ? extra : [...extra, 'another definition']
      },
    }
  },
})
