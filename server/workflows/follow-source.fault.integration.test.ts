import { expect } from 'vitest'
import { judgeOf } from '#server/testing/judge.ts'
import { runningClone } from '#server/testing/running-clone.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { followSource } from './follow-source.ts'

proveWorkflow({
  workflow: followSource,
  hosts: ['a'],
  timeoutMs: 120_000,
  async arrange(fleet, name) {
    const { lab } = fleet.host('a')
    const copy = await runningClone(fleet, name, { off: true })
    const newer = await copy.newer()
    const files = async () =>
      (await judgeOf(fleet.host('a'), name).files()).filter((file) => !file.startsWith(`${name}-origin`))
    return {
      ask: () => {
        const { recoveryPointId: fromRecoveryPointId, datastoreId } = copy
        const input = { recoveryPointId: newer, fromRecoveryPointId, datastoreId }
        return fleet.ask({ kind: 'follow-source', ...copy.on, input })
      },
      async done() {
        expect(await copy.row()).toMatchObject({ standsOnId: newer, follows: true })
        expect(await files()).toHaveLength(1)
        expect(await files()).not.toEqual([`${name}.qcow2`])
        // It reads what the newer one holds, under the names of that.
        await lab.virsh('start', name)
      },
      async remains() {
        const row = await copy.row()
        const made = (await files()).filter((file) => file !== `${name}.qcow2`)
        const definition = await lab.virsh('dumpxml', '--inactive', name)
        return [
          ...made,
          ...(row.standsOnId === copy.recoveryPointId ? [] : ['it stands on another']),
          ...(definition.includes(copy.diskPath) ? [] : ['its definition']),
        ]
      },
      clear: () => copy.clear(),
    }
  },
})
