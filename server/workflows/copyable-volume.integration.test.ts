import { expect, test } from 'vitest'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { writeVmRow, writeVolumeRows } from '#server/testing/fleet-rows.ts'
import { askMove, filesOf } from '#server/testing/moving.ts'
import { askClone } from '#server/testing/new-vm.ts'
import { makeOverlay } from '#server/testing/overlay.ts'

const { fleet, a, b } = fleetForTests('copyable', ['a', 'b'])

test('a raw disk that its guest made look like another format is not copied: it could name any file of the host', async () => {
  const guest = await fleet.guest('a', { name: 'sly', memoryMib: 96, isEmpty: true, off: true })
  const secret = '/var/lib/libvirt/secret.qcow2'
  const raw = '/var/lib/libvirt/images/sly-b.img'
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', secret, '4M')
  await a.lab.run('qemu-io', '-c', 'write -q -P 42 0 1M', secret)
  // As the guest would write it into its disk.
  await makeOverlay(a, raw, { path: secret, format: 'qcow2' })
  await a.lab.virsh('attach-disk', 'sly', raw, 'vdb', '--driver', 'qemu', '--subdriver', 'raw', '--config')
  await a.lab.virsh('pool-refresh', 'default')
  await writeVolumeRows(fleet.db, a.id)
  const id = await writeVmRow(fleet.db, a.id, guest.uuid)
  const asked = await askClone(fleet, id, 'sly-twin')
  const end = await fleet.ended(asked.id)
  expect(end.error).toMatchObject({
    code: 'unsupported',
    message: expect.stringMatching(/^The disk vdb of sly can’t be copied: it is raw, and its file looks like qcow2/),
  })
  expect((await filesOf(a, 'sly')).toSorted()).toEqual(['sly-b.img', 'sly.qcow2'])
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
