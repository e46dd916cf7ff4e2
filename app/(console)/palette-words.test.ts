import { expect, test } from 'vitest'
import { askedOf, isFoundBy } from './palette-words.ts'

const commands = [
  ['Start', 'boot'],
  ['Shut down…', 'stop'],
  ['Take snapshot…'],
  ['Back up now…', 'backup'],
  ['Migrate…', 'move'],
]

test.each([
  ['migrate shop-web-1', 'migrate', 'shop-web-1'],
  ['shop-web-1 migrate', 'migrate', 'shop-web-1'],
  ['mig shop', 'mig', 'shop'],
  ['back up shop-db-1', 'back up', 'shop-db-1'],
  ['take a snapshot of shop-db-1', 'take snapshot', 'shop-db-1'],
  ['snapshot my vm', 'snapshot', 'my vm'],
  ['Stop', 'Stop', ''],
  ['shop-web-1', '', 'shop-web-1'],
  ['start-here', '', 'start-here'],
  ['s web', '', 's web'],
  ['art', '', 'art'],
  ['backup-server', '', 'backup-server'],
  ['', '', ''],
])('%s', (typed, command, name) => {
  expect(askedOf(typed, commands)).toEqual({ command, name })
})

test('a command, page or action is found by the beginnings of its words, in any order, and by nothing within them', () => {
  expect(isFoundBy(['Settings › API keys'], 'api set')).toBe(true)
  expect(isFoundBy(['Settings › API keys'], 'keys')).toBe(true)
  expect(isFoundBy(['Add a host'], 'add host')).toBe(true)
  expect(isFoundBy(['Create a VM', 'new'], 'new vm')).toBe(true)
  expect(isFoundBy(['Create a VM'], 'create site')).toBe(false)
  expect(isFoundBy(['Create a VM'], 're')).toBe(false)
  expect(isFoundBy(['Reboot', 'restart'], 'start')).toBe(false)
  expect(isFoundBy(['Create a VM'], '…')).toBe(false)
  expect(isFoundBy(['Create a VM'], '')).toBe(true)
})
