import { beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { diskRecords, waitForBoot, waitForCount } from '#lab/guest/guest.ts'
import { createPolicy } from '#server/core/protection-policy.ts'
import { RestoreMeasure } from '#server/schema/backup.ts'
import { ProtectionPolicyInput } from '#server/schema/protection.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'

const { fleet, a, datastoreId, backUp, compared, diskSum, pointSum } = backupFleet('restores')
let running: FleetGuest
beforeAll(async () => {
  running = await fleet.guest('a', { name: 'web', memoryMib: 96 })
})

const restore = async (recoveryPointId: string, more: { disks?: string[] } = {}) =>
  fleet.ended(
    await fleet.ask({
      ...{ kind: 'restore-vm', target: { kind: 'vm', id: running.id, name: 'web' }, tenantId: null, hostId: a.id },
      input: { recoveryPointId, datastoreId, shutdownMs: 60_000, ...more },
    }),
    120_000,
  )
/** Who it is, to its host and to us */
async function identity() {
  const row = await fleet.db.vm.findUniqueOrThrow({ where: { id: running.id }, include: { interfaces: true } })
  const protections = await fleet.db.protection.findMany({ where: { vmId: running.id } })
  const definition = await a.lab.virsh('dumpxml', 'web', '--inactive', '--security-info')
  return {
    definition,
    macs: row.interfaces.map(({ mac }) => mac),
    row: [row.id, row.uuid, row.name, row.tags, row.notes, row.tenantId],
    policies: protections.map(({ policyId }) => policyId),
  }
}

test('restored in place: only what differs is written, it is the same VM, and its next backup is incremental', async () => {
  for (const reading of ['full', 'incremental']) expect((await backUp(running)).result).toMatchObject({ reading })
  const points = await fleet.db.recoveryPoint.findMany({ where: { vmId: running.id }, orderBy: { takenAt: 'asc' } })
  const [first] = points
  const uuid = (await a.lab.virsh('domuuid', 'web')).trim()
  await fleet.db.vm.update({ where: { id: running.id }, data: { tags: ['prod', 'shop'], notes: 'Ask Ada.' } })
  const policy = ProtectionPolicyInput.parse({
    ...{ name: 'Nightly', tags: ['prod'], schedules: [{ every: 'day', minute: 0 }], timeZone: 'UTC' },
    ...{ retention: { last: 9 }, datastoreId, lateAfterMinutes: 60 },
  })
  await fleet.db.$transaction((tx) => createPolicy(tx, null, policy, { name: 'Tester', operator: true }))
  const who = await identity()
  expect(who).toMatchObject({ macs: [expect.stringMatching(/^52:54:00:/)], policies: [expect.any(String)] })
  expect(who.definition).toContain(who.macs[0])
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
  const end = await restore(first?.id ?? '')
  expect(end.error).toBeNull()
  const { writtenBytes } = end.result as { writtenBytes: number }
  expect(writtenBytes).toBeLessThanOrEqual(mostBytes)
  expect(writtenBytes).toBeGreaterThan(0)
  expect(writtenBytes).toBeLessThan(Number(first?.sizeBytes) / 2)
  expect((await a.lab.virsh('domuuid', 'web')).trim()).toBe(uuid)
  expect((await a.lab.virsh('domstate', 'web')).trim()).toBe('running')
  expect((await a.lab.virsh('list', '--all', '--name')).split('\n').filter(Boolean).sort()).toEqual(['web'])
  expect(await identity()).toEqual(who)
  const before = await backUp(running)
  expect(before.result).toMatchObject({ reading: 'incremental' })

  // It has written since; off, so that nothing changes it again.
  const { bootId } = await waitForBoot(a.lab, 'web', 2)
  const written = async () => (await diskRecords(a.lab, running.diskPath)).some((record) => record.bootId === bootId)
  await expect.poll(written, { timeout: 60_000 }).toBe(true)
  await a.lab.virsh('destroy', 'web')
  const present = await diskSum(running.diskPath)
  const again = await restore(first?.id ?? '')
  expect(again.error).toBeNull()
  expect(await compared(first?.id ?? '', running)).toMatch(/identical/)
  expect(await identity()).toEqual(who)
  // What it was before is a recovery point too: the restore can be undone, and the undoing as well.
  const then = await diskSum(running.diskPath)
  expect(then).not.toBe(present)
  expect(await pointSum(again.id)).toBe(present)
  const undone = await restore(again.id)
  expect(undone.error).toBeNull()
  expect(await diskSum(running.diskPath)).toBe(present)
  expect(await pointSum(undone.id)).toBe(then)

  const origins = await fleet.db.recoveryPoint.findMany({ where: { id: { in: [again.id, before.id] } } })
  expect(Object.fromEntries(origins.map(({ id, origin }) => [id, origin]))).toEqual({
    ...{ [again.id]: 'restore', [before.id]: 'person' },
  })

  // What was written by the restore itself is marked as changed too.
  const last = await backUp(running)
  expect(last.result).toMatchObject({ reading: 'incremental', consistency: 'off' })
  expect(await compared(last.id, running)).toMatch(/identical/)
})

test('two disks: backed up and restored together, or one of them alone', async () => {
  const second = '/var/lib/libvirt/images/web-b.qcow2'
  await a.lab.run('qemu-img', 'create', '-q', '-f', 'qcow2', second, '32M')
  await a.lab.virsh('attach-disk', 'web', second, 'vdb', '--config', '--subdriver', 'qcow2')
  await a.lab.virsh('pool-refresh', 'default')
  const mib = 2 ** 20
  /** Two MiB of each, while the VM is off */
  const write = async (byte: number) => {
    for (const path of [running.diskPath, second])
      await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${byte} 8M 2M`, a.lab.outsidePath(path)])
  }
  const disks = async () => ({ vda: await diskSum(running.diskPath), vdb: await diskSum(second) })
  const point = async (id: string) => ({ vda: await pointSum(id, 'vda'), vdb: await pointSum(id, 'vdb') })

  await write(1)
  const [one, first] = [await disks(), await backUp(running)]
  // The new disk has no marks yet.
  expect(first).toMatchObject({ error: null, result: { reading: 'full' } })
  const row = await fleet.db.recoveryPoint.findUniqueOrThrow({ where: { id: first.id } })
  expect(row.disks).toEqual([
    { target: 'vda', sizeBytes: 64 * mib },
    { target: 'vdb', sizeBytes: 32 * mib },
  ])
  await write(2)
  const [two, next] = [await disks(), await backUp(running)]
  expect(next).toMatchObject({ error: null, result: { reading: 'incremental', readBytes: 4 * mib } })
  expect([await point(first.id), await point(next.id)]).toEqual([one, two])

  await write(3)
  const three = await disks()
  const both = await restore(first.id)
  expect(both).toMatchObject({ error: null, result: { writtenBytes: 4 * mib } })
  expect(await disks()).toEqual(one)
  expect(await point(both.id)).toEqual(three)

  await write(4)
  const four = await disks()
  const alone = await restore(next.id, { disks: ['vdb'] })
  expect(alone).toMatchObject({ error: null, result: { writtenBytes: 2 * mib, onlyDisks: ['vdb'] } })
  expect(await disks()).toEqual({ vda: four.vda, vdb: two.vdb })
  expect(await point(alone.id)).toEqual(four)
})
