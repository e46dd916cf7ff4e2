import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from '#lab/command.ts'
import { backupTrial } from '#server/testing/backup-proof.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askClonePoint, recoveryPointRow } from '#server/testing/restore-new.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { cloneRecoveryPoint } from './clone-recovery-point.ts'

proveWorkflow({
  workflow: cloneRecoveryPoint,
  hosts: ['a'],
  timeoutMs: 120_000,
  async arrange(fleet, name) {
    const host = fleet.host('a')
    const trial = await backupTrial(fleet, name, { off: true })
    const raw = join(trial.folder, 'then.raw')
    await run('qemu-img', ['convert', '-U', '-O', 'raw', host.lab.outsidePath(trial.guest.diskPath), raw])
    const point = await recoveryPointRow(fleet, host, trial.guest, { ...trial, id: await trial.pointOf(raw) })
    const made = `${name}-clone`
    const judge = judgeOf(host, made)
    const disk = async () => (await judge.files()).filter((file) => file.startsWith(`${made}-vda.`))
    let vmId = ''
    return {
      async ask() {
        const { id, targetId } = await askClonePoint(fleet, point, {
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
        expect(row.standsOnId).toBe(point)
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
        const rows = await fleet.db.vm.count({ where: { OR: [{ id: vmId }, { standsOnId: point }] } })
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
