import { expect } from 'vitest'
import { trialVm } from '#server/testing/trial-vm.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { deleteVm } from './delete-vm.ts'

proveWorkflow({
  workflow: deleteVm,
  hosts: ['a'],
  async arrange(fleet, name) {
    const { id, judge, ask, clear } = await trialVm(fleet, name, 'off')
    const before = [...(await judge.known()), ...(await judge.files())]
    return {
      clear,
      ask: () => ask('delete-vm', {}),
      async done() {
        expect(await judge.known()).toEqual([])
        expect(await judge.files()).toEqual([])
        expect(await fleet.db.vm.findUnique({ where: { id } })).toBeNull()
      },
      async remains() {
        const now = [...(await judge.known()), ...(await judge.files())]
        const lost = before.filter((each) => !now.includes(each))
        return (await fleet.db.vm.count({ where: { id } })) === 1 ? lost : [...lost, 'no row']
      },
    }
  },
})
