import { expect, test } from 'vitest'
import type { Cast } from '#server/testing/world.ts'
import { worldForTests } from '#server/testing/world-for-tests.ts'
import { toTrpcError } from './trpc.ts'

const { as, db, own } = worldForTests()

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'ok',
    (error) => (toTrpcError(error).cause as { code?: string } | undefined)?.code,
  )

test('a new VM straight from an archive: for who may restore the VM, and from the store that has it', async () => {
  const archived = { recoveryPointId: own.world.recoveryPoint.id, archiveStoreId: own.world.archiveStore.id }
  const where = { name: 'again', place: { siteId: own.world.host.siteId } }
  const answers = async (who: keyof Cast['headers'], source: typeof archived) => {
    const { recoveryPoint } = await as(who)
    return [
      await codeOf(recoveryPoint.places({ ...source, start: false })),
      await codeOf(recoveryPoint.restoreNew({ ...source, ...where })),
    ]
  }
  expect(await answers('stranger', archived)).toEqual(['not-found', 'not-found'])
  expect(await answers('viewer', archived)).toEqual(['forbidden', 'forbidden'])
  // Nobody wrote down what the VM of this world was.
  expect(await answers('owner', archived)).toEqual(['unsupported', 'unsupported'])
  const elsewhere = { ...archived, archiveStoreId: own.world.emptyArchiveStore.id }
  expect(await answers('owner', elsewhere)).toEqual(['not-found', 'not-found'])
  expect(await answers('owner', { ...archived, recoveryPointId: crypto.randomUUID() })).toEqual([
    'not-found',
    'not-found',
  ])
})

test('a VM of which only the archive has something is listed, to its own tenant', async () => {
  const { vm } = own.world
  await db().recoveryPoint.deleteMany({ where: { vmUuid: vm.uuid } })
  const listed = async (who: keyof Cast['headers']) => {
    const { recoveryPoint } = await as(who)
    return (await recoveryPoint.vms()).filter(({ vmUuid }) => vmUuid === vm.uuid)
  }
  expect(await listed('owner')).toMatchObject([{ recoveryPoints: 0, archived: 1 }])
  expect(await listed('stranger')).toEqual([])
  const { recoveryPoint } = await as('viewer')
  const found = await recoveryPoint.list({ vmUuid: vm.uuid })
  expect(found).toMatchObject({ recoveryPoints: [], archived: [{ archiveStoreId: own.world.archiveStore.id }] })
  expect(found.can.restoreNew).not.toBe(true)
  const stranger = (await as('stranger')).recoveryPoint
  expect(await codeOf(stranger.list({ vmUuid: vm.uuid }))).toBe('not-found')
})
