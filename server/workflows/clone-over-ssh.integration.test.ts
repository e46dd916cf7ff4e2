import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitForAgent } from '#lab/guest/guest.ts'
import { cloneExportName } from '#server/core/clone-export.ts'
import { env } from '#server/env.ts'
import { hasSshd } from '#server/libvirt/testing/sshd.ts'
import { hashForever, hashInside, hashOfFile } from '#server/testing/disk-start.ts'
import { type FleetHost, type TestFleet, testFleet } from '#server/testing/fleet.ts'
import { reachOverSsh, type SshWay } from '#server/testing/fleet-ssh.ts'
import { judgeOf } from '#server/testing/judge.ts'
import { askClonePoint, pointTrial } from '#server/testing/restore-new.ts'
import { resumeClones } from '#server/testing/stalled-clones.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { WorkerChild } from '#server/testing/worker-child.ts'

describe.skipIf(!hasSshd)('clones on a host that is reached through ssh', () => {
  let fleet: TestFleet
  let a: FleetHost
  let way: SshWay
  let worker: WorkerChild
  let trial: Awaited<ReturnType<typeof pointTrial>>
  const startWorker = async (workerId: string) => {
    await fleet.db.host.update({ where: { id: a.id }, data: { workerId, state: 'connected' } })
    worker = new WorkerChild(fleet.databaseUrl, fleet.exports)
    await worker.begin({ workerId })
  }
  beforeAll(async () => {
    fleet = await testFleet('clones over ssh', ['a'])
    a = fleet.host('a')
    trial = await pointTrial(fleet, 'web', { hasSystem: true })
    way = await reachOverSsh(fleet, a)
    await startWorker('first')
  })
  afterAll(async () => {
    await worker?.stop()
    await fleet?.db.vm.deleteMany({ where: { standsOnId: { not: null } } })
    await trial?.clear()
    await way?.close()
    await fleet?.close()
  })

  const clone = async (name: string) => {
    const asked = await askClonePoint(fleet, trial.recoveryPointId, { name, place: { hostId: a.id }, start: true })
    return fleet.ended(asked.id, 60_000)
  }
  const tunnels = () => way.tunnelsTo(`127.0.0.1:${fleet.exports.port}:`)
  const state = async () => (await a.lab.virsh('domstate', 'web-far', '--reason')).trim()
  let reading: Awaited<ReturnType<typeof hashForever>>
  const readOn = async (workerName: string) => {
    await resumeClones(fleet, a, { workerName, names: ['web-far'] })
    await waitForAgent(a.lab, 'web-far')
    await reading.goesOn()
  }

  test('where sshd forbids it that is said with the way out, and nothing is left', async () => {
    await way.setForwarding('local')
    const refused = await clone('web-none')
    expect(refused.error).toMatchObject({
      message: expect.stringMatching(/\ba\b.*sshd forbids forwarding/),
      wayOut: expect.stringMatching(/AllowTcpForwarding/),
    })
    expect(await judgeOf(a, 'web-none').known()).toEqual([])
    expect(await judgeOf(a, 'web-none').files()).toEqual([])
    await expect.poll(tunnels).toEqual([])
    await way.setForwarding('yes')
    // With no clone there any more it keeps nobody from trying again.
    const obstacle = async () => (await fleet.db.host.findUniqueOrThrow({ where: { id: a.id } })).cloneObstacle
    await expect.poll(obstacle, { timeout: 10_000 }).toBeNull()
  })

  const served = (exportName: string) => `nbd://127.0.0.1:${fleet.exports.port}/${exportName}`
  const asHost = (...args: string[]) => a.lab.run('qemu-img', ...args)

  test('one runs, reads what was there through ssh, and goes on after the way was lost', async () => {
    expect((await clone('web-far')).error).toBeNull()
    const xml = await a.lab.virsh('dumpxml', '--inactive', 'web-far')
    expect(xml).toMatch(new RegExp(`<host name='127.0.0.1' port='${fleet.exports.port}'/>`))
    const [, own = ''] = /protocol='nbd' name='([^']+)'/.exec(xml) ?? []
    expect(await asHost('compare', '-f', 'raw', '-F', 'raw', served(own), trial.raw)).toMatch(/identical/)
    await waitForAgent(a.lab, 'web-far', 90_000)
    expect(await hashInside(a.lab, 'web-far')).toBe(await hashOfFile(trial.raw))
    reading = await hashForever(a.lab, 'web-far', trial.raw)
    await reading.goesOn()
    const [lost = 0] = await tunnels()
    process.kill(lost, 'SIGKILL')
    await expect.poll(state, { timeout: 30_000, interval: 200 }).toBe('paused (I/O error)')
    await expect.poll(async () => (await tunnels()).length, { timeout: 30_000 }).toBe(1)
    expect(await tunnels()).not.toContain(lost)
    await readOn('first')
  })

  test('a clone of another host is not served there', async () => {
    const { recoveryPointId } = trial
    const elsewhere = await createVm(fleet.db, await createHost(fleet.db), null, { standsOnId: recoveryPointId })
    const disk = { tenantId: null, vmUuid: elsewhere.uuid, target: 'vda', recoveryPointId }
    const name = cloneExportName(env().SKERRY_KEY, disk)
    await expect(asHost('info', served(name))).rejects.toThrow(/no such export|not (found|available)|no export/i)
    await fleet.db.vm.update({ where: { id: elsewhere.id }, data: { hostId: a.id } })
    expect(await asHost('info', served(name))).toMatch(/virtual size: 64 MiB/)
    await fleet.db.vm.delete({ where: { id: elsewhere.id } })
  })

  test('the worker is killed: the next one leads the host to itself, and the guest goes on', async () => {
    await worker.stop()
    await expect.poll(state, { timeout: 30_000, interval: 200 }).toBe('paused (I/O error)')
    await expect.poll(tunnels).toEqual([])
    await startWorker('second')
    await readOn('second')
    expect(await tunnels()).toHaveLength(1)
    await a.lab.virsh('suspend', 'web-far')
  })
})
