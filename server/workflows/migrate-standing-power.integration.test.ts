import { afterAll, beforeAll, expect, test } from 'vitest'
import { taggedName } from '#server/core/volume-name.ts'
import { hasSshd } from '#server/libvirt/testing/sshd.ts'
import type { FleetGuest, FleetHost } from '#server/testing/fleet.ts'
import { fleetForTests } from '#server/testing/fleet-for-tests.ts'
import { reachOverSsh, type SshWay } from '#server/testing/fleet-ssh.ts'
import { reachOverTls } from '#server/testing/fleet-tls.ts'
import { askMove, filesOf, linesOf, snapshotsOf, stateOf } from '#server/testing/moving.ts'
import { pause } from './pause.ts'

/** Moves that stand still, in whose middle one of the hosts loses its power. */
const { fleet, setHooks, a, b } = fleetForTests('standing-power', ['a', 'b'])

// One over ssh, one over TLS: what is sent breaks off in both.
let ssh: SshWay | undefined
beforeAll(async () => {
  if (hasSshd) ssh = await reachOverSsh(fleet, a)
  await reachOverTls(fleet, b)
})
afterAll(() => ssh?.close())

/** Slow enough for a power failure in the middle. */
const slow = { mayStandStill: true, bandwidthBytesPerSecond: 4 * 2 ** 20 }
const copying = async (id: string) => {
  const row = () => fleet.db.operation.findUniqueOrThrow({ where: { id } })
  await expect.poll(async () => (await row()).phase, { timeout: 30_000, interval: 50 }).toMatch(/^copying disks/)
}

let frail: FleetGuest
test('a save that a dead worker began is waited for; the new host fails in the middle, and it goes on where it was', async () => {
  frail = await fleet.guest('a', { name: 'frail', memoryMib: 96, isEmpty: true })
  await a.lab.virsh('snapshot-create-as', 'frail', 'warm')
  let begun = ''
  setHooks({
    async aroundStep(at, run) {
      if (at.step === 'stand still' && at.turn === 'do' && begun === '') {
        begun = `/var/lib/libvirt/images/${taggedName('frail-memory.save', at.operationId)}`
        a.lab.virsh('save', 'frail', begun).catch((error: unknown) => console.error(error))
        await expect.poll(() => stateOf(a, 'frail'), { interval: 10 }).not.toBe('running (unpaused)')
      }
      return run()
    },
  })
  const id = await askMove(fleet, frail, a, b, slow)
  await copying(id)
  setHooks({})
  expect(begun).not.toBe('')
  expect(await filesOf(a, 'frail')).toContain(begun.split('/').at(-1))
  await b.lab.powerOff()
  await expect.poll(() => stateOf(a, 'frail'), { timeout: 30_000 }).toBe('running (restored)')
  await b.lab.powerOn()
  const end = await fleet.ended(id, 60_000)
  expect(end).toMatchObject({ state: 'failed', error: { step: 'stand still' } })
  expect(end.undone).toEqual(['had it go on where it stood still on a', 'removed the disk made on b'])
  expect(await filesOf(a, 'frail')).toEqual(['frail.qcow2'])
  expect(await filesOf(b, 'frail')).toEqual([])
})

const bringBack = async () => {
  await a.lab.powerOn()
  await ssh?.comeBack()
}
const expectAloneAt = async (at: FleetHost, other: FleetHost) => {
  expect(await linesOf(other, 'list', '--all', '--name')).not.toContain('frail')
  expect(await snapshotsOf(at, 'frail')).toEqual(['warm'])
  expect([(await filesOf(at, 'frail')).length, await filesOf(other, 'frail')]).toEqual([1, []])
}

test('its own host fails in the middle for longer than is waited: once that is back, it goes on there from its memory', async () => {
  const id = await askMove(fleet, frail, a, b, slow)
  await copying(id)
  await a.lab.powerOff()
  const phase = async () => (await fleet.db.operation.findUniqueOrThrow({ where: { id } })).phase
  await expect.poll(phase, { timeout: 60_000 }).toBe('undoing: stand still')
  await bringBack()
  const end = await fleet.ended(id, 60_000)
  expect(end).toMatchObject({ state: 'failed', error: { code: 'unavailable', step: 'stand still' } })
  expect(end.error).not.toHaveProperty('left')
  expect(end.undone).toEqual(['had it go on where it stood still on a', 'removed the disk made on b'])
  expect(await stateOf(a, 'frail')).toBe('running (restored)')
  await expectAloneAt(a, b)
}, 120_000)

test('one that is back in time sends disks and memory anew, and the VM goes on at its new host', async () => {
  const isBack = Promise.withResolvers<void>()
  let attempts = 0
  setHooks({
    async aroundStep(at, run) {
      if (at.step === 'stand still' && at.turn === 'do' && ++attempts > 1) await isBack.promise
      return run()
    },
  })
  const id = await askMove(fleet, frail, a, b, slow)
  await copying(id)
  await a.lab.powerOff()
  await bringBack()
  // Longer than passes before a host is tried again.
  await pause(6_000)
  isBack.resolve()
  const end = await fleet.ended(id, 60_000)
  setHooks({})
  expect(end.error).toBeNull()
  expect(end.result).toMatchObject({ to: 'b', saved: true, snapshots: 1, copiedDisks: ['vda'], left: [] })
  expect(attempts).toBeGreaterThan(1)
  expect(await stateOf(b, 'frail')).toBe('running (unpaused)')
  await expectAloneAt(b, a)
}, 120_000)
