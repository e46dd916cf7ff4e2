import { expect, test } from 'vitest'
import { choiceAmong, inOrder, noChoice, reasonAgainstChoice } from './place-choice.ts'

const place = (name: string, eligible = true) => ({ id: `id of ${name}`, name, eligible })
const names = (places: { name: string }[]) => places.map(({ name }) => name)

test('the best is proposed, and stays where it was shown when the list comes in another order', () => {
  const first = [place('oslo-2'), place('frankfurt-1'), place('bergen-1', false)]
  const choice = choiceAmong(noChoice, first)
  expect(choice.chosenId).toBe('id of oslo-2')
  const later = [place('tromso-1'), place('frankfurt-1'), place('oslo-2'), place('bergen-1')]
  const kept = choiceAmong(choice, later)
  expect(kept.chosenId).toBe('id of oslo-2')
  expect(names(inOrder(kept, later))).toEqual(['oslo-2', 'frankfurt-1', 'bergen-1', 'tromso-1'])
  expect(choiceAmong(kept, first), 'what has left may come again').toBe(kept)
  expect(names(inOrder(kept, first))).toEqual(['oslo-2', 'frankfurt-1', 'bergen-1'])
})

test('a proposal that can’t be taken any more is replaced', () => {
  const choice = choiceAmong(noChoice, [place('oslo-2'), place('frankfurt-1')])
  const places = [place('frankfurt-1'), place('oslo-2', false)]
  const next = choiceAmong(choice, places)
  expect(next.chosenId).toBe('id of frankfurt-1')
  expect(reasonAgainstChoice(next, places, 'place')).toBeUndefined()
})

test('what a person chose is not exchanged for another: it is said that it can’t be taken', () => {
  const choice = {
    ...choiceAmong(noChoice, [place('oslo-2'), place('frankfurt-1')]),
    chosenId: 'id of frankfurt-1',
    isOwn: true,
  }
  const places = [place('oslo-2'), place('frankfurt-1', false)]
  expect(choiceAmong(choice, places)).toBe(choice)
  expect(reasonAgainstChoice(choice, places, 'place')).toBe('frankfurt-1 can’t take it any more: choose another place')
  expect(reasonAgainstChoice(choice, [place('oslo-2')], 'place')).toBe('Choose a place')
  expect(reasonAgainstChoice(choice, [place('oslo-2', false)], 'place')).toBe('No place can take it now')
  expect(reasonAgainstChoice(choice, [place('frankfurt-1')], 'place')).toBeUndefined()
})
