import { expect, test } from 'vitest'
import type { Vm } from '#prisma/generated/client.ts'
import { conflict } from '#server/errors.ts'
import { Refusals } from './vm-each.ts'

const refusalsOfTest = () => new Refusals({ action: 'vm.tag', resourceKind: 'vm', detail: {}, authorised: false })

const vms = Array.from({ length: 500 }, (_, index) => ({ id: `id-${index}`, name: `vm-${index}` }) as Vm)
const idsBut = (...refused: string[]) => vms.map(({ id }) => id).filter((id) => !refused.includes(id))

/** Refuses whatever has one of these, as it would be refused for all that are asked for together. */
function workBut(...refused: string[]) {
  const calls: (readonly string[])[] = []
  const work = async (ids: readonly string[]) => {
    calls.push(ids)
    const one = ids.find((id) => refused.includes(id))
    if (one) throw conflict(`${one} is busy.`)
  }
  return { work, calls }
}

test('of many at once those that are refused are found by halves, and all others are done in their order', async () => {
  const { work, calls } = workBut('id-3', 'id-400')
  const refusals = refusalsOfTest()
  expect(await refusals.together(vms, work)).toEqual(idsBut('id-3', 'id-400'))
  expect(refusals.refused).toEqual([
    { vmId: 'id-3', name: 'vm-3', code: 'conflict', reason: 'id-3 is busy.' },
    { vmId: 'id-400', name: 'vm-400', code: 'conflict', reason: 'id-400 is busy.' },
  ])
  expect(calls.length).toBeLessThan(40)
})

test('what nothing stands in the way of is done at once; what is no refusal is thrown', async () => {
  const { work, calls } = workBut()
  expect(await refusalsOfTest().together(vms, work)).toEqual(idsBut())
  expect(calls).toHaveLength(1)
  const broken = refusalsOfTest().together(vms, () => Promise.reject(new Error('broken')))
  await expect(broken).rejects.toThrow('broken')
})

test('when each is refused nothing is done, and the first reason is told', async () => {
  const refusals = refusalsOfTest()
  const none = await refusals.together(vms.slice(0, 3), async ([id]) => Promise.reject(conflict(`No ${id}.`)))
  expect(none).toEqual([])
  expect(refusals.refused.map(({ vmId }) => vmId)).toEqual(['id-0', 'id-1', 'id-2'])
  expect(refusals.first?.message).toBe('No id-0.')
})
