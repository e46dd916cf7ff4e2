import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { hasSshd } from '#server/libvirt/testing/sshd.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'
import { reachOverSsh, type SshWay, tunnelsTo } from '#server/testing/fleet-ssh.ts'

describe.skipIf(!hasSshd)('disks of VMs on a host that is reached through ssh', () => {
  let way: SshWay
  const { fleet, a, datastoreId, setHooks, backUp, checkpoints, compared } = backupFleet('ssh-disks', async (...at) => {
    way = await reachOverSsh(...at)
  })
  let guest: FleetGuest
  beforeAll(async () => {
    guest = await fleet.guest('a', { name: 'far', off: true })
  })
  afterAll(() => way?.close())

  const changedBytes = 2 ** 20
  const change = () =>
    run('qemu-io', ['-c', `write -P 90 8M ${changedBytes}`, '-f', 'qcow2', a.lab.outsidePath(guest.diskPath)])
  const tunnels = () => tunnelsTo('skerry-')
  const sockets = async () => (await a.lab.run('ls', '/var/lib/libvirt/qemu')).match(/skerry-.*/g) ?? []

  test('backed up: everything, then what has changed; restored in place, only what differs is written', async () => {
    const first = await backUp(guest)
    expect(first.error).toBeNull()
    expect(first.result).toMatchObject({ reading: 'full' })
    await change()
    const second = await backUp(guest)
    expect(second.error).toBeNull()
    expect(second.result).toMatchObject({ reading: 'incremental' })
    expect(second.result).toMatchObject({ readBytes: changedBytes })
    expect(await compared(second.id, guest)).toMatch(/identical/)
    await expect(compared(first.id, guest)).rejects.toThrow(/mismatch/)

    const target = { kind: 'vm' as const, id: guest.id, name: guest.name }
    const input = { recoveryPointId: first.id, datastoreId, shutdownMs: 60_000 }
    const restored = await fleet.ended(
      await fleet.ask({ kind: 'restore-vm', target, tenantId: null, hostId: a.id, input }),
    )
    expect(restored.error).toBeNull()
    expect(restored.result).toMatchObject({ writtenBytes: changedBytes })
    expect(await compared(first.id, guest)).toMatch(/identical/)
    expect(await tunnels()).toEqual([])
    expect(await sockets()).toEqual([])
  })

  test('a tunnel that dies is made anew', async () => {
    let killed = 0
    setHooks({
      async aroundStep({ step }, run) {
        if (step !== 'read' || killed > 0) return run()
        const running = run()
        await expect.poll(tunnels, { interval: 10 }).toHaveLength(1)
        for (const pid of await tunnels()) killed += Number(process.kill(pid, 'SIGKILL'))
        return running
      },
    })
    const end = await backUp(guest)
    setHooks({})
    expect(end.error).toBeNull()
    expect(killed).toBe(1)
    expect(await compared(end.id, guest)).toMatch(/identical/)
    expect(await tunnels()).toEqual([])
  })

  test('an account that may not open QEMU’s sockets: said so, with the way out, and nothing is left', async () => {
    const before = await checkpoints('far')
    await way.setInGroup(false)
    const refused = await backUp(guest)
    expect(refused.error).toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/\ba\b.*can’t open the socket of QEMU/),
      wayOut: expect.stringMatching(/root.*group/),
    })
    expect(await checkpoints('far')).toEqual(before)
    expect(await tunnels()).toEqual([])
    await way.setInGroup(true)
    expect((await backUp(guest)).result).toMatchObject({ reading: 'incremental' })
  })
})
