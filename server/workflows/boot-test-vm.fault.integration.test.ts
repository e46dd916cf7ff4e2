import { expect } from 'vitest'
import { machineNamePrefix } from '#server/core/boot-test.ts'
import { askBootTest, throwAways } from '#server/testing/boot-test.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { pointTrial } from '#server/testing/restore-new.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { bootTestVm } from './boot-test-vm.ts'

proveWorkflow({
  workflow: bootTestVm,
  hosts: ['a'],
  timeoutMs: 180_000,
  async arrange(fleet, name) {
    const host = fleet.host('a')
    const trial = await pointTrial(fleet, name, { hasSystem: true })
    const networks = () => host.lab.virsh('net-list', '--all', '--name')
    const judge = judgeOf(host, name)
    const before = { xml: await judge.xml(name), networks: await networks() }
    let id = ''
    const row = () => fleet.db.bootTest.findUnique({ where: { id } })
    const nothingLeft = async () => {
      const changed = (await judge.xml(name)) === before.xml ? [] : ['the original is not what it was']
      const made = (await networks()) === before.networks ? [] : ['a network']
      return [...(await throwAways(host)), ...changed, ...made]
    }
    return {
      async ask() {
        id = await askBootTest(fleet, { recoveryPointId: trial.recoveryPointId, proof: 'serial', serialText: 'BOOT' })
        return id
      },
      async done(operation) {
        expect(operation.result).toMatchObject({ outcome: 'proven', reason: null })
        expect(await row()).toMatchObject({ outcome: 'proven', proof: 'serial', machineGone: true })
        expect(await nothingLeft()).toEqual([])
      },
      async remains() {
        const left = await row()
        // What the test came to stays, and that its VM is gone.
        const isSettled = left?.machineGone === true && left.outcome !== 'running' && left.endedAt !== null
        return [...(await nothingLeft()), ...(isSettled ? [] : ['an unsettled row'])]
      },
      async clear() {
        await judgeOf(host, machineNamePrefix).clear()
        await fleet.db.bootTest.deleteMany({ where: { id } })
        await trial.clear()
      },
    }
  },
})
