import { expect, test } from 'vitest'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeVmRow, writeVolumeRows } from '#server/testing/fleet-rows.ts'
import { askMove, filesOf } from '#server/testing/moving.ts'
import { askClone } from '#server/testing/new-vm.ts'
import { makeOverlay } from '#server/testing/overlay.ts'

const { fleet, setHooks, a, b } = fleetForTests('copyable', ['a', 'b'])

test('a raw disk that its guest made look like another format is not copied: it could name any file of the host', async () => {
  const guest = await fleet.guest('a', { name: 'sly', memoryMib: 96, isEmpty: true, off: true })
  const secret = '/var/lib/libvirt/secret.qcow2'
  const raw = '/var/lib/libvirt/images/sly-b.img'
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', secret, '4M')
  await a.lab.run('qemu-io', '-c', 'write -q -P 42 0 1M', secret)
  await a.lab.virsh('vol-create-as', 'default', 'sly-b.img', '8M', '--format', 'raw')
  await a.lab.virsh('attach-disk', 'sly', raw, 'vdb', '--driver', 'qemu', '--subdriver', 'raw', '--config')
  await writeVolumeRows(fleet.db, a.id)
  const id = await writeVmRow(fleet.db, a.id, guest.uuid)
  // As the guest would write it into its disk: libvirt takes that for raw until it reads the pool again.
  const writeHeader = () => makeOverlay(a, raw, { path: secret, format: 'qcow2' })
  const isRefused = async (what: string) => {
    const end = await fleet.ended((await askClone(fleet, id, 'sly-twin')).id)
    expect(end.error).toMatchObject({
      ...{ code: 'unsupported', message: `${what} can’t be copied: it is raw, and its file looks like qcow2.` },
    })
    expect((await filesOf(a, 'sly')).toSorted()).toEqual(['sly-b.img', 'sly.qcow2'])
  }
  setHooks({
    async aroundStep(at, run) {
      if (at.step === 'copy disks' && at.turn === 'do') {
        await writeHeader()
        await a.lab.virsh('pool-refresh', 'default')
      }
      return run()
    },
  })
  await isRefused('A disk of sly (vdb)')
  setHooks({})
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'raw', raw, '8M')
  await a.lab.virsh('pool-refresh', 'default')
  await writeHeader()
  expect(await a.lab.virsh('vol-dumpxml', 'sly-b.img', 'default')).toContain("<format type='raw'/>")
  await isRefused('The disk vdb of sly')
  const staysThere = async (vmId: string) => {
    const moved = await fleet.ended(await askMove(fleet, { id: vmId, name: 'sly' }, a, b))
    expect(moved.error).toMatchObject({
      code: 'unsupported',
      message: 'The disk vdb can’t be copied: it is raw, and its file looks like qcow2.',
    })
  }
  await staysThere(id)
  await a.lab.virsh('snapshot-create-as', 'sly', 'later', '--disk-only')
  await staysThere(await writeVmRow(fleet.db, a.id, guest.uuid))
  expect(await filesOf(b, 'sly')).toEqual([])
})
