import { beforeAll, expect, test } from 'vitest'
import { diskRecords, waitForBoot, waitForCount } from '#lab/guest/guest.ts'
import { RestoreMeasure } from '#server/schema/backup.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'

const { fleet, a, datastoreId, backUp, compared } = backupFleet('restores')
let running: FleetGuest
beforeAll(async () => {
  running = await fleet.guest('a', { name: 'web', memoryMib: 96 })
})

test('restored in place: only what differs is written, it is the same VM, and its next backup is incremental', async () => {
  for (const reading of ['full', 'incremental']) expect((await backUp(running)).result).toMatchObject({ reading })
  const points = await fleet.db.recoveryPoint.findMany({ where: { vmId: running.id }, orderBy: { takenAt: 'asc' } })
  const [first] = points
  const uuid = (await a.lab.virsh('domuuid', 'web')).trim()
  const target = { kind: 'vm' as const, id: running.id, name: running.name }
  const count = await waitForCount(a.lab, 'web')
  await waitForCount(a.lab, 'web', count.n + 2)
  const measured = await fleet.ended(
    await fleet.ask({
      ...{ kind: 'measure-restore', target, tenantId: null, hostId: a.id, exclusive: false },
      input: { recoveryPointId: first?.id ?? '', datastoreId },
    }),
  )
  expect(measured.error).toBeNull()
  const { disks, read } = RestoreMeasure.parse(measured.result)
  expect(disks).toMatchObject([{ target: 'vda', sizeBytes: Number(first?.sizeBytes), obstacle: null }])
  expect(disks[0]?.changedBytes).toBeGreaterThan(0)
  // The guest has written since the newest recovery point, and goes on until it is off.
  expect(disks[0]?.sinceBytes).toBeGreaterThan(0)
  expect(read.isAssumed).toBe(false)
  const shutdownBytes = 4 * 2 ** 20
  const mostBytes = (disks[0]?.changedBytes ?? 0) + (disks[0]?.sinceBytes ?? 0) + shutdownBytes
  const end = await fleet.ended(
    await fleet.ask({
      ...{ kind: 'restore-vm', target, tenantId: null, hostId: a.id },
      input: { recoveryPointId: first?.id ?? '', datastoreId, shutdownMs: 60_000 },
    }),
    120_000,
  )
  expect(end.error).toBeNull()
  const { writtenBytes } = end.result as { writtenBytes: number }
  expect(writtenBytes).toBeLessThanOrEqual(mostBytes)
  expect(writtenBytes).toBeGreaterThan(0)
  expect(writtenBytes).toBeLessThan(Number(first?.sizeBytes) / 2)
  expect((await a.lab.virsh('domuuid', 'web')).trim()).toBe(uuid)
  expect((await a.lab.virsh('domstate', 'web')).trim()).toBe('running')
  expect((await a.lab.virsh('list', '--all', '--name')).split('\n').filter(Boolean).sort()).toEqual(['web'])
  const before = await backUp(running)
  expect(before.result).toMatchObject({ reading: 'incremental' })

  // It has written since; off, so that nothing changes it again.
  const { bootId } = await waitForBoot(a.lab, 'web', 2)
  const written = async () => (await diskRecords(a.lab, running.diskPath)).some((record) => record.bootId === bootId)
  await expect.poll(written, { timeout: 60_000 }).toBe(true)
  await a.lab.virsh('destroy', 'web')
  const again = await fleet.ended(
    await fleet.ask({
      ...{ kind: 'restore-vm', target, tenantId: null, hostId: a.id },
      input: { recoveryPointId: first?.id ?? '', datastoreId, shutdownMs: 60_000 },
    }),
    120_000,
  )
  expect(again.error).toBeNull()
  expect(await compared(first?.id ?? '', running)).toMatch(/identical/)
  // What it was before is a recovery point too: the restore can be undone.
  await expect(compared(again.id, running)).rejects.toThrow(/mismatch/)

  const origins = await fleet.db.recoveryPoint.findMany({ where: { id: { in: [again.id, before.id] } } })
  expect(Object.fromEntries(origins.map(({ id, origin }) => [id, origin]))).toEqual({
    ...{ [again.id]: 'restore', [before.id]: 'person' },
  })

  // What was written by the restore itself is marked as changed too.
  const last = await backUp(running)
  expect(last.result).toMatchObject({ reading: 'incremental', consistency: 'off' })
  expect(await compared(last.id, running)).toMatch(/identical/)
})
