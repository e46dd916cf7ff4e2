import { expect, test } from 'vitest'
import { choiceAmong, inOrder, listedChoice, noChoice, placeOf, reasonAgainstChoice } from './place-choice.ts'

const place = (name: string, eligible = true) => ({ id: `id of ${name}`, name, eligible })
const names = (places: { name: string }[]) => places.map(({ name }) => name)

test('the best is proposed, else the first that can take it; nothing is, while none can', () => {
  const places = [place('bergen-1', false), place('oslo-2'), place('frankfurt-1')]
  expect(choiceAmong(noChoice, places).chosenId).toBe('id of oslo-2')
  expect(choiceAmong(noChoice, places, places[2]).chosenId).toBe('id of frankfurt-1')
  const none = choiceAmong(noChoice, [place('bergen-1', false)])
  expect(none.chosenId).toBeNull()
  expect(reasonAgainstChoice(none, [place('bergen-1', false)], 'place')).toBe('No place can take it now')
  expect(choiceAmong(none, [place('bergen-1')]).chosenId).toBe('id of bergen-1')
})

test('places stay where they were first shown when they come in another order', () => {
  const first = [place('oslo-2'), place('frankfurt-1'), place('bergen-1', false)]
  const choice = choiceAmong(noChoice, first)
  const later = [place('tromso-1'), place('frankfurt-1'), place('oslo-2'), place('bergen-1')]
  const kept = choiceAmong(choice, later)
  expect(names(inOrder(kept, later))).toEqual(['oslo-2', 'frankfurt-1', 'bergen-1', 'tromso-1'])
  expect(choiceAmong(kept, first), 'what has left may come again').toBe(kept)
  expect(names(inOrder(kept, first))).toEqual(['oslo-2', 'frankfurt-1', 'bergen-1'])
})

test('what was proposed or chosen is not exchanged for another: it is said that it can’t be taken', () => {
  const choice = choiceAmong(noChoice, [place('oslo-2'), place('frankfurt-1')])
  const places = [place('frankfurt-1'), place('oslo-2', false)]
  expect(choiceAmong(choice, places)).toBe(choice)
  expect(placeOf(choice, places)).toBeUndefined()
  expect(listedChoice(choice, places)).toBe('id of oslo-2')
  expect(listedChoice(choice, [place('frankfurt-1')])).toBeNull()
  const gone = choiceAmong(choice, [place('frankfurt-1')])
  expect(gone).toEqual({ ...choice, goneId: 'id of oslo-2' })
  const other = { ...gone, chosenId: 'id of frankfurt-1' }
  expect(choiceAmong(other, [place('frankfurt-1')]), 'the list is not begun anew when another is chosen').toBe(other)
  expect(reasonAgainstChoice(choice, places, 'host')).toBe('oslo-2 can’t take it now: choose another host')
  expect(reasonAgainstChoice(choice, [place('frankfurt-1')], 'host')).toBe('Choose a host')
  expect(reasonAgainstChoice(choice, [place('frankfurt-1', false)], 'host')).toBe('No host can take it now')
  expect(reasonAgainstChoice(choice, [place('oslo-2')], 'host')).toBeUndefined()
})
