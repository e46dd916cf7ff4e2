import { expect, test } from 'vitest'
import { reasonAgainst, type VmAnswers, type VmCommand, vmMenu } from './vm-command.tsx'

const vm = { id: 'a', name: 'shop-web-1', protected: false, operation: null }
const commands = vmMenu(vm, null, () => undefined).flatMap(({ items }) => items.map(({ id }) => id as VmCommand))
const waiting = (answers: VmAnswers) => commands.filter((command) => reasonAgainst(vm, answers, command))

test('what most VMs get a no to is off until it is known; all else can be asked for at once', () => {
  expect(waiting(null)).toEqual(['keep', 'make-template'])
  const can = Object.fromEntries(commands.map((command) => [command, true]))
  expect(waiting({ can, may: { protect: true, makeTemplate: true } } as unknown as VmAnswers)).toEqual([])
})
