import { expect, test } from 'vitest'
import { isToBeResumed, vmLook } from './vm-state.ts'

const paused = (stateReason: string | null, kind?: string) => ({
  ...{ state: 'paused', stateReason },
  operation: kind ? { kind } : null,
})

test('what somebody suspended waits to be resumed, what stands still on its way does not', () => {
  expect(isToBeResumed(paused(null))).toBe(true)
  expect(isToBeResumed(paused('disk error'))).toBe(true)
  expect(isToBeResumed(paused(null, 'back-up-vm'))).toBe(true)
  expect(isToBeResumed({ state: 'sleeping', stateReason: null, operation: null })).toBe(true)
  expect(isToBeResumed(paused(null, 'migrate-vm'))).toBe(false)
  expect(isToBeResumed(paused(null, 'create-vm'))).toBe(false)
  expect(isToBeResumed(paused('migrating'))).toBe(false)
  expect(isToBeResumed(paused('starting up'))).toBe(false)
  expect(isToBeResumed({ state: 'running', stateReason: 'booted', operation: null })).toBe(false)
})

test('it does not look suspended then', () => {
  expect(vmLook('paused', null, 'starting up')).toMatchObject({ look: 'changing', word: 'Starting' })
  expect(vmLook('paused', null, 'migrating')).toMatchObject({ look: 'migrating', word: 'Migrating' })
  expect(vmLook('paused', null, null)).toMatchObject({ look: 'degraded', word: 'Paused' })
  expect(vmLook('running', null, 'migrating')).toMatchObject({ look: 'running', word: 'Running' })
})
