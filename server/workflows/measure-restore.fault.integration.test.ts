import { join } from 'node:path'
import { expect } from 'vitest'
import { run } from '#lab/command.ts'
import { backupTrial } from '#server/testing/backup-proof.ts'
import { proveWorkflow } from '#server/testing/workflow-harness.ts'
import { measureRestore } from './measure-restore.ts'

proveWorkflow({
  workflow: measureRestore,
  hosts: ['a'],
  async arrange(fleet, name) {
    const trial = await backupTrial(fleet, name, { off: true, isEmpty: true })
    const disk = fleet.host('a').lab.outsidePath(trial.guest.diskPath)
    const pointNow = async (file: string, takenAt: Date) => {
      const raw = join(trial.folder, file)
      await run('qemu-img', ['convert', '-U', '-O', 'raw', disk, raw])
      const id = await trial.pointOf(raw)
      await fleet.db.recoveryPoint.create({
        data: {
          ...{ id, vmId: trial.guest.id, vmUuid: trial.guest.uuid, vmName: name, datastoreId: trial.datastoreId },
          ...{ takenAt, consistency: 'off', reading: 'full', disks: [], sizeBytes: 1n, readBytes: 1n },
          ...{ storedBytes: 1n, tookMs: 1, definition: new Uint8Array(1) },
        },
      })
      return id
    }
    const first = await pointNow('first.raw', new Date(Date.now() - 60_000))
    await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x5a 8M 3M', disk])
    await pointNow('second.raw', new Date())
    const points = await trial.points()
    const sum = () => run('sha256sum', [disk])
    const before = await sum()
    return {
      ask: () =>
        fleet.ask({
          ...{ ...trial.on, kind: 'measure-restore', exclusive: false },
          input: { recoveryPointId: first, datastoreId: trial.datastoreId },
        }),
      async done({ result }) {
        expect(result).toMatchObject({
          disks: [{ target: 'vda', changedBytes: 3 * 2 ** 20, sinceBytes: null, obstacle: null }],
          ...{ newDisks: [], write: { isAssumed: true } },
        })
        expect(await sum()).toBe(before)
      },
      async remains() {
        const more = (await trial.points()).filter((id) => !points.includes(id))
        return (await sum()) === before ? more : [...more, 'a changed disk']
      },
      clear: trial.clear,
    }
  },
})
