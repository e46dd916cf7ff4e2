import { expect, test } from 'vitest'
import { sharedReason } from './menu.tsx'

const role = 'Your role in Dr. Who Ltd. is viewer.'

test('what all that is off is off for is said once: whole, or the sentences that all begin with', () => {
  const busy = 'It is being migrated: wait for its end, or cancel it.'
  expect(sharedReason([busy, busy, busy])).toBe(busy)
  expect(
    sharedReason([`${role} Only operators may move it.`, `${role} Only admins may delete it.`, `${role} No.`]),
  ).toBe(role)
})

test('what is off for reasons of its own says them itself', () => {
  expect(sharedReason(['It is off.', 'It is running already.', 'It is on its own.'])).toBeUndefined()
  expect(sharedReason([`${role} No.`, `${role} No.`])).toBeUndefined()
  expect(sharedReason([])).toBeUndefined()
})
