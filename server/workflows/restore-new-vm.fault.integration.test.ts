import { expect } from 'vitest'
import { judgeOf } from '#server/testing/judge.ts'
import { askRestoreNew, pointTrial } from '#server/testing/restore-new.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { restoreNewVm } from './restore-new-vm.ts'

proveWorkflow({
  workflow: restoreNewVm,
  hosts: ['a'],
  timeoutMs: 180_000,
  async arrange(fleet, name) {
    const host = fleet.host('a')
    const trial = await pointTrial(fleet, name)
    const made = `${name}-again`
    const judge = judgeOf(host, made)
    const disk = async () => (await judge.files()).filter((file) => file.startsWith(`${made}-vda.`))
    let vmId = ''
    return {
      async ask() {
        const { id, targetId } = await askRestoreNew(fleet, trial.recoveryPointId, {
          name: made,
          place: { hostId: host.id },
          start: true,
        })
        vmId = targetId
        return id
      },
      async done(operation) {
        expect(await judge.running()).toEqual([made])
        expect(await disk()).toHaveLength(1)
        expect(operation.result).toMatchObject({ unplugged: 0, leftOut: [] })
        expect((await fleet.db.vm.findUniqueOrThrow({ where: { id: vmId } })).state).toBe('running')
        expect(await host.lab.virsh('list', '--all', '--name')).not.toContain('skerry-probe')
      },
      async remains() {
        const row = await fleet.db.vm.findUnique({ where: { id: vmId } })
        return [...(await judge.known()), ...(await judge.files()), ...(row ? ['its row'] : [])]
      },
      async clear() {
        await judge.clear()
        await fleet.db.vm.deleteMany({ where: { id: vmId } })
        await trial.clear()
      },
    }
  },
})
