import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from '#lab/command.ts'
import { backupTrial } from '#server/testing/backup-proof.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askRestoreNew, recoveryPointRow } from '#server/testing/restore-new.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { restoreNewVm } from './restore-new-vm.ts'

proveWorkflow({
  workflow: restoreNewVm,
  hosts: ['a'],
  timeoutMs: 180_000,
  async arrange(fleet, name) {
    const host = fleet.host('a')
    const trial = await backupTrial(fleet, name, { off: true })
    const raw = join(trial.folder, 'then.raw')
    await run('qemu-img', ['convert', '-U', '-O', 'raw', host.lab.outsidePath(trial.guest.diskPath), raw])
    const point = await recoveryPointRow(fleet, host, trial.guest, { ...trial, id: await trial.pointOf(raw) })
    const made = `${name}-again`
    const judge = judgeOf(host, made)
    const disk = async () => (await judge.files()).filter((file) => file.startsWith(`${made}-vda.`))
    let vmId = ''
    return {
      async ask() {
        const { id, targetId } = await askRestoreNew(fleet, point, {
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
