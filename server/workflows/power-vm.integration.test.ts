import { beforeAll, expect, test } from 'vitest'
import { waitForAgent, waitForBoot } from '#lab/guest/guest.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'

const { fleet, a } = fleetForTests('power', ['a'])
let guest: FleetGuest
beforeAll(async () => {
  guest = await fleet.guest('a', { name: 'web' })
})

const domstate = async () => (await a.lab.virsh('domstate', 'web')).trim()
const power = async (action: string, more: object = {}) => {
  const id = await fleet.ask({
    kind: 'power-vm',
    target: { kind: 'vm', id: guest.id, name: 'web' },
    tenantId: null,
    hostId: a.id,
    input: { action, ...more },
  })
  return fleet.ended(id)
}

test('suspend and resume', async () => {
  expect((await power('suspend')).state).toBe('succeeded')
  expect(await domstate()).toBe('paused')
  expect((await power('suspend')).state).toBe('succeeded')
  const refused = await power('reboot')
  expect(refused.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(/suspended: resume it/) })
  expect((await power('resume')).state).toBe('succeeded')
  expect(await domstate()).toBe('running')
})

test('shut down by the guest agent, then start', async () => {
  const { lab } = a
  await waitForAgent(lab, 'web')
  const end = await power('shutdown', { timeoutMs: 60_000 })
  expect(end.result).toEqual({ by: 'agent', state: 'off' })
  expect(await domstate()).toBe('shut off')
  expect((await power('start')).state).toBe('succeeded')
  expect(await domstate()).toBe('running')
  await waitForBoot(lab, 'web', 2)
})

test('a guest that is asked to shut down while it boots, and does not hear it, is asked again', async () => {
  expect((await power('reset')).state).toBe('succeeded')
  const end = await power('shutdown', { timeoutMs: 60_000 })
  expect(end.error).toBeNull()
  expect(await domstate()).toBe('shut off')
  expect((await power('start')).state).toBe('succeeded')
})

test('a guest that does not shut down in time stays on, and the error offers to force it off', async () => {
  const { lab } = a
  await waitForAgent(lab, 'web')
  // Without its vCPU the guest hears neither the agent nor the power button.
  expect((await power('reset')).state).toBe('succeeded')
  const end = await power('shutdown', { timeoutMs: 1_000 })
  expect(end.state).toBe('failed')
  expect(end.error).toMatchObject({ message: 'web did not shut down in 1 s.', offer: 'force-off' })
  expect(await domstate()).toBe('running')
  expect((await power('force-off')).state).toBe('succeeded')
  expect(await domstate()).toBe('shut off')
  expect((await power('force-off')).state).toBe('succeeded')
})
