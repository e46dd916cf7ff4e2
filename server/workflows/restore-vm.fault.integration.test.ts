import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from '#lab/command.ts'
import { backupTrial } from '#server/testing/backup-proof.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { restoreVm } from './restore-vm.ts'

proveWorkflow({
  workflow: restoreVm,
  hosts: ['a'],
  timeoutMs: 240_000,
  async arrange(fleet, name) {
    const trial = await backupTrial(fleet, name, { off: true, isEmpty: true })
    const disk = fleet.host('a').lab.outsidePath(trial.guest.diskPath)
    const rawOf = async (file: string) => {
      const raw = join(trial.folder, file)
      await run('qemu-img', ['convert', '-U', '-O', 'raw', disk, raw])
      return raw
    }
    const isSame = (raw: string) =>
      run('qemu-img', ['compare', '-U', '-f', 'raw', '-F', 'qcow2', raw, disk]).then(
        () => true,
        () => false,
      )
    const before = await rawOf('before.raw')
    const first = await trial.pointOf(before)
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x5a 8M 3M', '-c', 'write -z 1M 1M', disk])
    const changed = await rawOf('changed.raw')
    return {
      ask: () =>
        fleet.ask({
          ...{ ...trial.on, kind: 'restore-vm' },
          input: { recoveryPointId: first, datastoreId: trial.datastoreId, shutdownMs: 30_000 },
        }),
      async done({ id }) {
        expect(await isSame(before)).toBe(true)
        expect(await trial.points()).toEqual([first, id].sort())
        expect((await fleet.host('a').lab.virsh('domstate', name)).trim()).toBe('shut off')
      },
      async remains() {
        const points = (await trial.points()).filter((id) => id !== first)
        return (await isSame(changed)) ? points : [...points, 'a changed disk']
      },
      clear: trial.clear,
    }
  },
})
