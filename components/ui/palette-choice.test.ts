import { expect, test } from 'vitest'
import { chosenItem, itemAt, type PaletteItem } from './palette-choice.ts'

const line = (id: string, disabledReason?: string): PaletteItem => ({ id, label: id, disabledReason, onSelect() {} })
const [start, reboot, reset, page] = [line('start', 'It is running'), line('reboot'), line('reset'), line('page')]
const groups = [
  { id: 'commands', title: 'Commands', items: [start, reboot, reset] },
  { id: 'pages', title: 'Pages', items: [page] },
]

test('before anybody has moved, Enter does the first that can be done if that is surely meant, and else nothing', () => {
  expect(chosenItem(groups, null, true)).toBe(reboot)
  expect(chosenItem(groups, null, false)).toBeUndefined()
  expect(chosenItem(groups, 'reset', false)).toBe(reset)
  // It was gone to and can't be done any more.
  expect(chosenItem(groups, 'start', false)).toBeUndefined()
  expect(chosenItem([], null, true)).toBeUndefined()
})

test.each([
  ['ArrowDown', undefined, reboot],
  ['ArrowDown', reboot, reset],
  ['ArrowDown', reset, page],
  ['ArrowDown', page, reboot],
  ['ArrowUp', undefined, page],
  ['ArrowUp', reboot, page],
  ['ArrowUp', page, reset],
  ['Home', page, reboot],
  ['End', reboot, page],
  ['a', reboot, undefined],
])('%s from %o passes by what can’t be done and goes round', (key, from, to) => {
  expect(itemAt(groups, from, key)).toBe(to)
  expect(itemAt([], undefined, key)).toBeUndefined()
})
