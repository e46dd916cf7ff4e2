import { expect } from 'vitest'
import { judgeOf } from '#server/testing/judge.ts'
import { askClonePoint, pointTrial } from '#server/testing/restore-new.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { cloneRecoveryPoint } from './clone-recovery-point.ts'

proveWorkflow({
  workflow: cloneRecoveryPoint,
  hosts: ['a'],
  timeoutMs: 120_000,
  async arrange(fleet, name) {
    const host = fleet.host('a')
    const trial = await pointTrial(fleet, name)
    const made = `${name}-clone`
    const judge = judgeOf(host, made)
    const disk = async () => (await judge.files()).filter((file) => file.startsWith(`${made}-vda.`))
    let vmId = ''
    return {
      async ask() {
        const { id, targetId } = await askClonePoint(fleet, trial.recoveryPointId, {
          ...{ name: made, place: { hostId: host.id }, start: true },
        })
        vmId = targetId
        return id
      },
      async done(operation) {
        expect(await judge.running()).toEqual([made])
        expect(await disk()).toHaveLength(1)
        expect(operation.result).toMatchObject({ unplugged: 0, leftOut: [] })
        const row = await fleet.db.vm.findUniqueOrThrow({ where: { id: vmId } })
        expect(row.standsOnId).toBe(trial.recoveryPointId)
        // Where no worker was there to read from, the guest stood still; with one it goes on.
        const state = async () => (await host.lab.virsh('domstate', made, '--reason')).trim()
        await expect
          .poll(
            async () => {
              if (/I\/O error/.test(await state())) await host.lab.virsh('resume', made)
              return state()
            },
            { timeout: 20_000, interval: 1_000 },
          )
          .toMatch(/^running/)
      },
      async remains() {
        const rows = await fleet.db.vm.count({ where: { OR: [{ id: vmId }, { standsOnId: trial.recoveryPointId }] } })
        return [...(await judge.known()), ...(await judge.files()), ...(rows ? ['its row'] : [])]
      },
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id: vmId } })
        await trial.clear()
      },
    }
  },
})
