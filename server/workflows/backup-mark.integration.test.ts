import { setTimeout as delay } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { waitForAgent } from '#lab/guest/guest.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'

const { fleet, a, backUp, checkpoints, compared } = backupFleet('marks')
let running: FleetGuest
beforeAll(async () => {
  running = await fleet.guest('a', { name: 'web', memoryMib: 96 })
  // Of an agent that comes while a backup begins or ends libvirt may never hear.
  await waitForAgent(a.lab, 'web')
})

test('gone back to a snapshot: the marks go, which QEMU would end over, and the next backup reads everything', async () => {
  const revert = async () =>
    fleet.ended(
      await fleet.ask({
        ...{ kind: 'revert-snapshot', target: { kind: 'vm', id: running.id, name: running.name }, tenantId: null },
        ...{ hostId: a.id, input: { name: 'then', keepAs: null } },
      }),
    )
  expect((await backUp(running)).result).toMatchObject({ reading: 'full' })
  await a.lab.virsh('snapshot-create-as', 'web', 'then')
  expect((await backUp(running)).result).toMatchObject({ reading: 'incremental' })
  const on = await revert()
  expect(on.error).toBeNull()
  expect(on.result).toMatchObject({ state: 'running', nextBackupIsFull: true })
  expect((await a.lab.virsh('domstate', 'web')).trim()).toBe('running')
  expect(await checkpoints('web')).toEqual([])
  await a.lab.virsh('suspend', 'web')
  const whole = await backUp(running)
  expect(whole.result).toMatchObject({ reading: 'full' })
  expect(await compared(whole.id, running)).toMatch(/identical/)

  // Off, its marks can’t be deleted without QEMU: it is started paused for that, and the guest never runs.
  await a.lab.virsh('destroy', 'web')
  await a.lab.virsh('snapshot-delete', 'web', 'then')
  const target = { kind: 'vm' as const, id: running.id, name: running.name }
  const marked = await checkpoints('web')
  const taken = await fleet.ended(
    await fleet.ask({ kind: 'take-snapshot', target, tenantId: null, hostId: a.id, input: { name: 'then' } }),
  )
  expect(taken.error).toBeNull()
  expect(await checkpoints('web')).toEqual(marked)
  const changed = await backUp(running)
  expect(changed.result).toMatchObject({ reading: 'incremental', consistency: 'off' })
  expect(await compared(changed.id, running)).toMatch(/identical/)
  const off = await revert()
  expect(off.error).toBeNull()
  expect(off.result).toMatchObject({ state: 'off', nextBackupIsFull: true })
  const again = await backUp(running)
  expect(again.result).toMatchObject({ reading: 'full', consistency: 'off' })
  expect(await compared(again.id, running)).toMatch(/identical/)

  await a.lab.virsh('start', 'web', '--paused')
  await a.lab.virsh('checkpoint-create-as', 'web', 'of-another-tool')
  const refused = await revert()
  expect(refused.error).toMatchObject({ code: 'conflict', message: expect.stringMatching(/of-another-tool/) })
  expect((await a.lab.virsh('domstate', 'web')).trim()).toBe('paused')
})

test('a host that is busy with the VM leaves sizes of its disks out: they are waited for', async () => {
  const guest = await fleet.guest('a', { name: 'busy', memoryMib: 96, isEmpty: true })
  const whole = await backUp(guest)
  expect(whole.result).toMatchObject({ reading: 'full' })
  await a.lab.virsh('suspend', 'busy')
  const signal = (name: string) => a.lab.run('sh', '-c', `kill -${name} $(pgrep -f [g]uest=busy)`)
  await signal('STOP')
  // Whoever asks QEMU first gets no answer and holds the VM for itself; to the others libvirt then leaves sizes out.
  const told = Array.from({ length: 3 }, () => a.lab.virsh('domstats', '--nowait', '--block', 'busy'))
  expect(await Promise.race(told)).not.toMatch(/block\.0\.capacity/)
  const going = backUp(guest)
  await delay(1_500)
  await signal('CONT')
  await Promise.all(told)
  const { id, error, result } = await going
  expect(error).toBeNull()
  expect(result).toMatchObject({ reading: 'incremental' })
  expect(await compared(id, guest)).toMatch(/identical/)
})

test('marks that a power failure broke: everything is read, they go, and the next backup is incremental', async () => {
  const guest = await fleet.guest('a', { name: 'struck', memoryMib: 96 })
  for (const reading of ['full', 'incremental']) expect((await backUp(guest)).result).toMatchObject({ reading })
  const [broken] = await checkpoints('struck')
  await a.lab.powerOff()
  await a.lab.powerOn()
  await a.lab.virsh('start', 'struck')
  expect(await checkpoints('struck')).toEqual([broken])
  const whole = await backUp(guest)
  expect(whole.error).toBeNull()
  expect(whole.result).toMatchObject({ reading: 'full', left: [] })
  expect(await checkpoints('struck')).toEqual([`skerry-${whole.id}`])
  await a.lab.virsh('suspend', 'struck')
  const next = await backUp(guest)
  expect(next.result).toMatchObject({ reading: 'incremental' })
  expect(await compared(next.id, guest)).toMatch(/identical/)
})
