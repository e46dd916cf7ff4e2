import { expect, test } from 'vitest'
import { vmRule } from '#server/schema/vm-rule.ts'
import { reasonAgainst, type VmAnswers, type VmCommand, vmMenu } from './vm-command.tsx'

const vm = { id: 'a', name: 'shop-web-1', state: 'running', stateReason: null, protected: false, operation: null }
const commands = vmMenu(vm, null, () => undefined).flatMap(({ items }) => items.map(({ id }) => id as VmCommand))
const waiting = (answers: VmAnswers) => commands.filter((command) => reasonAgainst(vm, answers, command))

test('until the answers come, what most VMs get a no to waits, and what its state forbids is off with the reason', () => {
  expect(waiting(null)).toEqual(['start', 'resume', 'keep', 'clone', 'make-template', 'delete'])
  expect(reasonAgainst(vm, null, 'keep')).toMatch(/^Looking/)
  expect(reasonAgainst(vm, null, 'delete')).toBe(vmRule(vm, 'delete'))
  expect(reasonAgainst({ ...vm, state: 'unknown' }, null, 'delete')).toMatch(/^Looking/)
  const can = Object.fromEntries(commands.map((command) => [command, true]))
  expect(waiting({ can, may: { protect: true, makeTemplate: true } } as unknown as VmAnswers)).toEqual([])
})

test('what stands still on its way is not told to be resumed', () => {
  const onItsWay = { ...vm, state: 'paused', stateReason: 'migrating' }
  expect(reasonAgainst(onItsWay, null, 'start')).toBe('It is being migrated.')
  expect(reasonAgainst({ ...onItsWay, stateReason: 'user' }, null, 'start')).toMatch(/resume it instead/)
})
