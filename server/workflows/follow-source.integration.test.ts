import { beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { RECORD_LAYOUT } from '#lab/guest/disk.ts'
import { runInside, waitForAgent } from '#lab/guest/guest.ts'
import { askToFollow } from '#server/core/clone-follow.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import { noFault } from '#server/testing/fault.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askClonePoint } from '#server/testing/restore-new.ts'

const { fleet, a, datastoreId, backUp: backUpGuest } = backupFleet('follows')
let guest: FleetGuest
let copyId = ''
beforeAll(async () => {
  guest = await fleet.guest('a', { name: 'web', memoryMib: 96 })
})

async function backUp(): Promise<string> {
  const end = await backUpGuest(guest)
  expect(end.error).toBeNull()
  return end.id
}

/** What the scheduler does every few seconds. @returns the operation that it asked for, when it did */
async function look() {
  await fleet.db.vm.updateMany({ data: { followAfter: null } })
  const asked = await fleet.db.$transaction((tx) => askToFollow(tx, new Date(), noFault))
  if (!asked) return null
  const operation = await fleet.db.operation.findFirstOrThrow({
    where: { kind: 'follow-source' },
    orderBy: { id: 'desc' },
  })
  return fleet.ended(operation.id, 60_000)
}

const copy = () => fleet.db.vm.findUniqueOrThrow({ where: { id: copyId } })
const disks = async () => (await judgeOf(a, 'web-copy').files()).filter((file) => file.endsWith('.qcow2'))

test('a copy that follows moves to the newest recovery point, and the one before may go', async () => {
  const first = await backUp()
  const asked = await askClonePoint(fleet, first, { name: 'web-copy', place: { hostId: a.id }, follow: true })
  copyId = asked.targetId
  expect((await fleet.ended(asked.id, 60_000)).error).toBeNull()
  const before = await disks()
  expect(await look()).toBeNull()
  const second = await backUp()
  const end = await look()
  expect(end?.error).toBeNull()
  expect(await copy()).toMatchObject({ standsOnId: second, follows: true, uuid: (await copy()).uuid })
  const after = await disks()
  expect(after).toHaveLength(1)
  expect(after).not.toEqual(before)
  const target = { kind: 'vm' as const, id: guest.id, name: 'web' }
  const input = { datastoreId, ids: [first] }
  const removed = await fleet.ended(await fleet.ask({ kind: 'remove-recovery-points', target, tenantId: null, input }))
  expect(removed.error).toBeNull()
  expect(await look()).toBeNull()
})

test('started, it has what its source had last, and follows no more', async () => {
  const marked = 'written after the first backup'
  const place = `bs=512 seek=${(RECORD_LAYOUT.offsetBytes - 2 ** 20) / 512} count=1 conv=notrunc`
  await runInside(a.lab, 'web', '/bin/sh', '-c', `echo '${marked}' | dd of=/dev/vda ${place}; sync`)
  const third = await backUp()
  expect((await look())?.error).toBeNull()
  expect((await copy()).standsOnId).toBe(third)
  const target = { kind: 'vm' as const, id: copyId, name: 'web-copy' }
  const start = { kind: 'power-vm' as const, target, tenantId: null, hostId: a.id, input: { action: 'start' } }
  expect((await fleet.ended(await fleet.ask(start), 60_000)).error).toBeNull()
  expect((await copy()).follows).toBe(false)
  await waitForAgent(a.lab, 'web-copy', 90_000)
  const read = place.replace('seek', 'skip').replace(' conv=notrunc', '')
  expect(await runInside(a.lab, 'web-copy', '/bin/dd', 'if=/dev/vda', ...read.split(' '))).toContain(marked)
  await a.lab.virsh('destroy', 'web-copy')
  await backUp()
  expect(await look()).toBeNull()
})

test('one that was started behind Skerry’s back keeps what it wrote', async () => {
  await fleet.db.vm.updateMany({ where: { id: copyId }, data: { follows: true, state: 'off' } })
  const [file = ''] = await disks()
  const path = a.lab.outsidePath(`/var/lib/libvirt/images/${file}`)
  const sizeBytes = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', path]))['actual-size']
  const end = await look()
  expect(end?.error).toMatchObject({ message: expect.stringMatching(/was started: it does not follow/) })
  expect((await copy()).follows).toBe(false)
  expect(await disks()).toEqual([file])
  expect(JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', path]))['actual-size']).toBe(sizeBytes)
})
