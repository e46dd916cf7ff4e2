import { basename } from 'node:path'
import { expect } from 'vitest'
import { expectOnItsOwn } from '#server/testing/kept-clone.ts'
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
    return {
      ask: () => fleet.ask({ kind: 'keep-clone', ...clone.on, input: {} }),
      async done() {
        await expectOnItsOwn(fleet, clone, [clone.diskPath])
        expect((await lab.virsh('domstate', name)).trim()).toBe('running')
        expect((await clone.row()).standsOnId).toBeNull()
        expect(await clone.job()).toMatch(/^(No current block job.*)?$/)
      },
      // It is a clone still, on the one volume that there is, and nothing works on it.
      async remains() {
        const [row, job, files] = [await clone.row(), await clone.job(), await clone.files()]
        const next = await clone.files('--inactive')
        const volumes = await clone.volumes()
        return [
          ...(row.standsOnId ? [] : ['it stands on nothing']),
          ...(/\d/.test(job) ? [job] : []),
          ...(await lab.virsh('domstate', name)).split('\n').filter((state) => state && state !== 'running'),
          ...volumes.filter((volume) => !files.some((file) => basename(file) === volume)),
          ...(volumes.length === 1 ? [] : [`${volumes.length} volumes`]),
          ...next.filter((file) => !files.includes(file)),
        ]
      },
      clear: () => clone.clear(),
    }
  },
})
