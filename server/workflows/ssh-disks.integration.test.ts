import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { hasSshd } from '#server/libvirt/testing/sshd.ts'
import { backupFleet } from '#server/testing/backup-fleet.ts'
import type { FleetGuest } from '#server/testing/fleet.ts'
import { reachOverSsh, type SshWay } from '#server/testing/fleet-ssh.ts'
import { inTheMiddle, slowBytesPerSecond } from '#server/testing/mid-copy.ts'

describe.skipIf(!hasSshd)('disks of VMs on a host that is reached through ssh', () => {
  let way: SshWay
  const { fleet, a, datastoreId, setHooks, backUp, checkpoints, compared } = backupFleet('ssh-disks', async (...at) => {
    way = await reachOverSsh(...at)
  })
  let guest: FleetGuest
  beforeAll(async () => {
    guest = await fleet.guest('a', { name: 'far-behind-the-mountains', off: true, isEmpty: true })
  })
  afterAll(() => way?.close())

  const changedBytes = 2 ** 20
  const change = (pattern: number, bytes: number) =>
    run('qemu-io', ['-c', `write -P ${pattern} 8M ${bytes}`, '-f', 'qcow2', a.lab.outsidePath(guest.diskPath)])
  const tunnels = () => way.tunnelsTo('skerry.sock')
  const sockets = async () =>
    (await a.lab.run('find', '/var/lib/libvirt/qemu', '-type', 's', '-name', '*skerry*')).split('\n').filter(Boolean)
  const restore = async (recoveryPointId: string) => {
    const target = { kind: 'vm' as const, id: guest.id, name: guest.name }
    const input = { recoveryPointId, datastoreId, shutdownMs: 60_000 }
    return fleet.ended(await fleet.ask({ kind: 'restore-vm', target, tenantId: null, hostId: a.id, input }))
  }

  test('backed up: everything, then what has changed; restored in place, only what differs is written', async () => {
    const first = await backUp(guest)
    expect(first.error).toBeNull()
    expect(first.result).toMatchObject({ reading: 'full' })
    await change(90, changedBytes)
    const second = await backUp(guest)
    expect(second.error).toBeNull()
    expect(second.result).toMatchObject({ reading: 'incremental' })
    expect(second.result).toMatchObject({ readBytes: changedBytes })
    expect(await compared(second.id, guest)).toMatch(/identical/)
    await expect(compared(first.id, guest)).rejects.toThrow(/mismatch/)

    const restored = await restore(first.id)
    expect(restored.error).toBeNull()
    expect(restored.result).toMatchObject({ writtenBytes: changedBytes })
    expect(await compared(first.id, guest)).toMatch(/identical/)
    expect(await tunnels()).toEqual([])
    expect(await sockets()).toEqual([])
  })

  test('a tunnel that dies is made anew', async () => {
    await change(92, 8 * 2 ** 20)
    let killed = 0
    let seen: string[] = []
    setHooks({
      async aroundStep({ operationId, step }, run) {
        if (step !== 'read') return run()
        seen = await sockets()
        if (killed > 0) return run()
        await a.lab.limitLink(slowBytesPerSecond)
        const running = run()
        await inTheMiddle(fleet, operationId, step)
        for (const pid of await tunnels()) killed += Number(process.kill(pid, 'SIGKILL'))
        return (await Promise.all([running, a.lab.limitLink(null)]))[0]
      },
    })
    const end = await backUp(guest)
    setHooks({})
    expect(end.error).toBeNull()
    expect(killed).toBe(1)
    // libvirt cuts names after 20 letters.
    expect(seen).toEqual([expect.stringMatching(/\/qemu\/domain-\d+-far-behind-the-mount\/skerry\.sock$/)])
    expect(await compared(end.id, guest)).toMatch(/identical/)
    expect(await tunnels()).toEqual([])
    expect(await sockets()).toEqual([])
  })

  test('a restore whose guest goes with the connection opens the disks anew', async () => {
    const before = await backUp(guest)
    await change(91, 8 * 2 ** 20)
    let killed = 0
    let seen: string[] = []
    setHooks({
      async aroundStep({ operationId, step }, run) {
        if (step !== 'write' || killed > 0) return run()
        await a.lab.limitLink(slowBytesPerSecond)
        const running = run()
        await inTheMiddle(fleet, operationId, step)
        for (const pid of await tunnels()) process.kill(pid, 'SIGSTOP')
        seen = await sockets()
        for (const pid of await way.tunnelsTo('libvirt-sock')) killed += Number(process.kill(pid, 'SIGKILL'))
        await expect.poll(sockets, { timeout: 20_000 }).toEqual([])
        for (const pid of await tunnels()) process.kill(pid, 'SIGCONT')
        return (await Promise.all([running, a.lab.limitLink(null)]))[0]
      },
    })
    const end = await restore(before.id)
    setHooks({})
    expect(end.error).toBeNull()
    expect(killed).toBeGreaterThan(0)
    expect(seen).toEqual([expect.stringMatching(/\/qemu\/domain-\d+-skerry-probe-[^/]{7}\/skerry\.sock$/)])
    expect(await compared(before.id, guest)).toMatch(/identical/)
    expect(await sockets()).toEqual([])
  })

  test('an account that may not open QEMU’s sockets: said so, with the way out, and nothing is left', async () => {
    const before = await checkpoints(guest.name)
    await way.setInGroup(false)
    const refused = await backUp(guest)
    expect(refused.error).toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/\ba\b.*can’t open the socket of QEMU/),
      wayOut: expect.stringMatching(/root.*group/),
    })
    expect(await checkpoints(guest.name)).toEqual(before)
    expect(await tunnels()).toEqual([])
    await way.setInGroup(true)
    expect((await backUp(guest)).result).toMatchObject({ reading: 'incremental' })
  })
})
