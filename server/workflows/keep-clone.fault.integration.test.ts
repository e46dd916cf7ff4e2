import { expect } from 'vitest'
import { runningClone } from '#server/testing/running-clone.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { keepClone } from './keep-clone.ts'

proveWorkflow({
  workflow: keepClone,
  hosts: ['a'],
  timeoutMs: 120_000,
  async arrange(fleet, name) {
    const { lab } = fleet.host('a')
    const clone = await runningClone(fleet, name)
    const sources = async () =>
      `${await lab.virsh('dumpxml', name)} ${await lab.virsh('dumpxml', '--inactive', name)}`.match(
        /protocol='nbd'/g,
      ) ?? []
    return {
      ask: () => fleet.ask({ kind: 'keep-clone', ...clone.on, input: {} }),
      async done() {
        expect(await sources()).toEqual([])
        expect((await clone.row()).standsOnId).toBeNull()
        expect(await clone.job()).toMatch(/^(No current block job.*)?$/)
      },
      // It is a clone still, and nothing works on it.
      async remains() {
        const row = await clone.row()
        const job = await clone.job()
        return [...(row.standsOnId ? [] : ['it stands on nothing']), ...(/\d/.test(job) ? [job] : [])]
      },
      clear: () => clone.clear(),
    }
  },
})
