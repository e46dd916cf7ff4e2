import { readdir } from 'node:fs/promises'
import { beforeAll, expect, test } from 'vitest'
import { mountFiles, restartAgent, waitForAgent, waitForCount } from '#lab/guest/guest.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'

const { fleet, a, datastoreId, storePath, repository, backUp, checkpoints, compared, fileSystem } =
  backupFleet('backups')
let running: FleetGuest
let off: FleetGuest
beforeAll(async () => {
  running = await fleet.guest('a', { name: 'web', memoryMib: 96 })
  off = await fleet.guest('a', { name: 'still', off: true })
})

test('a datastore is made in a folder, once', async () => {
  expect(await readdir(storePath())).toContain(datastoreId)
  expect(await fleet.db.datastore.findUnique({ where: { id: datastoreId } })).toMatchObject({ name: 'first' })
})

test('a VM that is off: every block, identical to its disk, and it is off again', async () => {
  const end = await backUp(off)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ reading: 'full', consistency: 'off' })
  expect((await a.lab.virsh('domstate', 'still')).trim()).toBe('shut off')
  expect(await compared(end.id, off)).toMatch(/identical/)
  expect(await checkpoints('still')).toEqual([`skerry-${end.id}`])
})

test('a running VM: full, then what has changed alone, frozen by its agent; each restores to its own instant', async () => {
  await waitForAgent(a.lab, 'web')
  await mountFiles(a.lab, 'web')
  const first = await backUp(running)
  expect(first.error).toBeNull()
  expect(first.result).toMatchObject({ reading: 'full', consistency: 'application' })
  const count = await waitForCount(a.lab, 'web')
  await waitForCount(a.lab, 'web', count.n + 3)
  const second = await backUp(running)
  expect(second.error).toBeNull()
  expect(second.result).toMatchObject({ reading: 'incremental', consistency: 'application' })
  const [full, changed] = await Promise.all(
    [first, second].map(({ id }) => fleet.db.recoveryPoint.findUniqueOrThrow({ where: { id } })),
  )
  expect(changed?.readBytes).toBeLessThan(Number(full?.readBytes) / 4)
  expect(changed?.parentId).toBe(first.id)
  expect(await checkpoints('web')).toEqual([`skerry-${second.id}`])
  await a.lab.virsh('suspend', 'web')
  const third = await backUp(running)
  expect(third.result).toMatchObject({ reading: 'incremental', consistency: 'crash' })
  expect(await compared(third.id, running)).toMatch(/identical/)
  await expect(compared(first.id, running)).rejects.toThrow(/mismatch/)
  await a.lab.virsh('resume', 'web')
  // A file system that stood still has nothing left in its journal.
  expect(await fileSystem(second.id)).not.toContain('needs_recovery')
  expect(await fileSystem(third.id)).toContain('needs_recovery')
})

const problemOf = async (id: string) => {
  const { applications } = await fleet.db.recoveryPoint.findUniqueOrThrow({ where: { id } })
  return (applications as { id: string; problem: string }[]).find((each) => each.id === 'file-systems')?.problem
}

test('an agent that does not freeze costs no backup: it is as after a power cut, and says why', async () => {
  await restartAgent(a.lab, 'web', '-b guest-fsfreeze-freeze')
  const end = await backUp(running)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ reading: 'incremental', consistency: 'crash' })
  expect(await problemOf(end.id)).toBe('The guest agent refused to freeze them.')
  expect(await fileSystem(end.id)).toContain('needs_recovery')
  await restartAgent(a.lab, 'web', '')
})

test('an agent that neither freezes nor thaws costs no backup either', async () => {
  await restartAgent(a.lab, 'web', '-b guest-fsfreeze-freeze,guest-fsfreeze-thaw')
  const end = await backUp(running)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ reading: 'incremental', consistency: 'crash' })
  expect(await fileSystem(end.id)).toContain('needs_recovery')
  const count = await waitForCount(a.lab, 'web')
  await waitForCount(a.lab, 'web', count.n + 2)
  expect(await problemOf(end.id)).toBe('The guest agent refused to freeze them.')
})

test('one that does not even say whether it has costs none, and that is told', async () => {
  await restartAgent(a.lab, 'web', '-b guest-fsfreeze-freeze,guest-fsfreeze-thaw,guest-fsfreeze-status')
  const end = await backUp(running)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ reading: 'incremental', consistency: 'crash' })
  expect(await problemOf(end.id)).toMatch(/and to say whether they stand still/)
  await restartAgent(a.lab, 'web', '')
})

test('a checkpoint that is gone costs a full read, of which nothing is stored twice', async () => {
  for (const name of await checkpoints('web')) await a.lab.virsh('checkpoint-delete', 'web', name)
  const end = await backUp(running)
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ reading: 'full' })
  const point = await fleet.db.recoveryPoint.findUniqueOrThrow({ where: { id: end.id } })
  expect(Number(point.storedBytes)).toBeLessThan(Number(point.readBytes) / 10)
})

test('the newest recovery point deleted: not while it is needed; then its marks go and the next backup reads everything', async () => {
  const newest = () =>
    fleet.db.recoveryPoint.findFirstOrThrow({ where: { vmId: running.id }, orderBy: { takenAt: 'desc' } })
  const { id } = await newest()
  const target = { kind: 'vm' as const, id: running.id, name: running.name }
  const remove = async () =>
    fleet.ended(
      await fleet.ask({
        ...{ kind: 'remove-recovery-points', target, tenantId: null, exclusive: false },
        input: { datastoreId, ids: [id] },
      }),
    )
  const restore = await fleet.db.operation.create({
    data: {
      ...{ kind: 'restore-vm', targetKind: 'vm', targetId: running.id, targetName: 'web', exclusive: false },
      ...{ actorKind: 'user', actorName: 'Tester', state: 'running', input: { recoveryPointId: id } },
    },
  })
  expect((await remove()).error).toMatchObject({ code: 'conflict' })
  expect((await newest()).id).toBe(id)
  const over = { state: 'failed' as const, finishedAt: new Date() }
  await fleet.db.operation.update({ where: { id: restore.id }, data: over })
  const trace = { operationId: restore.id, leftover: { stepIndex: 1, memory: {} } }
  await fleet.db.operationTrace.create({ data: trace })
  expect((await remove()).error, 'what it left is cleaned up with it').toMatchObject({ code: 'conflict' })
  await fleet.db.operation.delete({ where: { id: restore.id } })

  const removed = await remove()
  expect(removed.error).toBeNull()
  expect(removed.result).toEqual({ removed: 1 })
  expect((await newest()).id).not.toBe(id)
  await expect((await repository()).recoveryPoint(id)).rejects.toMatchObject({ code: 'not-found' })
  expect(await checkpoints('web')).toEqual([`skerry-${id}`])
  const next = await backUp(running)
  expect(next.error).toBeNull()
  expect(next.result).toMatchObject({ reading: 'full' })
  expect(await checkpoints('web')).toEqual([`skerry-${next.id}`])
  expect((await backUp(running)).result).toMatchObject({ reading: 'incremental' })
})
