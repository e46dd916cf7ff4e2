import { expect, test } from 'vitest'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askCleanUp } from '#server/testing/moving.ts'
import { askCreate } from '#server/testing/new-vm.ts'

const { fleet, setHooks, a } = fleetForTests('undo', ['a'])

test('a creation breaks off and its host is gone: all of it stays and is named, and goes when the host is back', async () => {
  const judge = judgeOf(a, 'ghost')
  setHooks({
    aroundStep: async (at, run) => {
      const result = await run()
      if (at.turn === 'do' && at.step === 'define') {
        await a.lab.stopDaemon()
        throw new Error('made to fail')
      }
      return result
    },
  })
  const { id, targetId } = await askCreate(fleet, 'ghost')
  const end = await fleet.ended(id)
  expect(end).toMatchObject({ state: 'failed', undone: [] })
  expect(end.error).toMatchObject({
    step: 'define',
    left: [
      expect.stringMatching(/^define: The host a can't be reached/),
      'make disks: stays, for what is left needs it',
      'reserve: stays, for what is left needs it',
    ],
  })
  expect((await fleet.db.vm.findUniqueOrThrow({ where: { id: targetId } })).state).toBe('unknown')

  setHooks({})
  await a.lab.startDaemon()
  expect([await judge.known(), (await judge.files()).length]).toEqual([['ghost'], 1])
  const cleaned = await fleet.ended(await askCleanUp(fleet, { id: targetId, name: 'ghost' }, a, id))
  expect(cleaned.error).toBeNull()
  expect(cleaned.result).toEqual({ undone: ['removed its definition', 'removed its disk'] })
  expect([await judge.known(), await judge.files()]).toEqual([[], []])
  expect(await fleet.db.vm.findUnique({ where: { id: targetId } })).toBeNull()
  const { error } = await fleet.db.operation.findUniqueOrThrow({ where: { id } })
  expect(error).not.toHaveProperty('left')
})
