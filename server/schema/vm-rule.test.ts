import { expect, test } from 'vitest'
import { vmStates } from './vm.ts'
import { vmActions, vmCan, vmRule } from './vm-rule.ts'

test('the table of states and actions', () => {
  const table = vmStates.map(
    (state) => `${state}: ${vmActions.filter((action) => vmRule({ state }, action) === true).join(' ')}`,
  )
  expect(table).toEqual([
    'creating: ',
    'running: shutdown reboot reset suspend force-off edit edit-xml migrate measure screenshot snapshot revert delete-snapshot backup restore',
    'paused: reset resume force-off edit edit-xml migrate screenshot snapshot revert delete-snapshot backup',
    'shutting_down: reset force-off edit-xml screenshot',
    'off: start edit edit-xml clone delete migrate make-template snapshot revert delete-snapshot backup restore',
    'crashed: reset force-off edit-xml screenshot revert',
    'sleeping: reset resume force-off edit-xml screenshot revert',
    'unknown: ',
  ])
})

test('a refusal says what to do', () => {
  expect(vmRule({ state: 'running' }, 'start')).toBe('It is running already.')
  expect(vmRule({ state: 'running' }, 'delete')).toMatch(/Shut it down/)
})

test('protection holds whatever the state', () => {
  expect(vmRule({ state: 'off', protected: true }, 'delete')).toMatch(/protected/)
  expect(vmRule({ state: 'off', protected: true }, 'start')).toBe(true)
})

test('of a VM that its host no longer has nothing is left to do but to delete it', () => {
  const gone = { state: 'unknown', missingSince: new Date() }
  expect(vmActions.filter((action) => vmRule(gone, action) === true)).toEqual(['delete'])
  expect(vmRule({ ...gone, protected: true }, 'delete')).toMatch(/protected/)
  expect(vmRule(gone, 'start')).toMatch(/no longer has it/)
})

test('what the person may not do comes before what the VM can not do', () => {
  const can = vmCan({ state: 'running' }, (action) => (action === 'migrate' ? 'migrate needs operator.' : true))
  expect(can.migrate).toBe('migrate needs operator.')
  expect(can.start).toBe('It is running already.')
  expect(can.shutdown).toBe(true)
})

test('a clone does what its shared blocks allow, and everything once it is on its own', () => {
  const clone = { state: 'running', standsOnId: 'point' }
  for (const action of ['migrate', 'snapshot', 'backup', 'restore', 'edit-xml'] as const) {
    expect(vmRule(clone, action)).toMatch(/keep it on its own first/)
    expect(vmRule({ ...clone, standsOnId: null }, action)).toBe(true)
  }
  for (const action of ['shutdown', 'suspend', 'edit', 'keep'] as const) expect(vmRule(clone, action)).toBe(true)
  expect(vmRule({ ...clone, state: 'off' }, 'delete')).toBe(true)
  expect(vmRule({ ...clone, state: 'off' }, 'keep')).toMatch(/start it first/)
  expect(vmRule({ ...clone, standsOnId: null }, 'keep')).toMatch(/on its own already/)
})
