import { expect, it } from 'vitest'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { atEnd, eventually, startFleet } from './testing/fleet.ts'

const mebibyte = 2 ** 20

it('serves 500 hosts with 10,000 VMs and their events in one process', { timeout: 120_000 }, async () => {
  const measured: Record<string, string> = {}
  let sinceMs = performance.now()
  const lap = (name: string) => {
    measured[name] = `${Math.round(performance.now() - sinceMs)} ms`
    sinceMs = performance.now()
  }
  const memoryBefore = process.memoryUsage().rss
  const fleet = await startFleet({ size: { hosts: 500, vms: 10_000 } })
  lap('start')
  measured.memoryAfterStart = `${Math.round((process.memoryUsage().rss - memoryBefore) / mebibyte)} MiB`
  const hosts = fleet.hosts.map(({ uri }) => libvirtDriver.open({ uri }))
  atEnd(async () => {
    await Promise.all(hosts.map((host) => host.close()))
  })
  const counts = { paused: 0 }
  for (const host of hosts) {
    host.onEvent((event) => {
      if (event.kind === 'vm-changed' && event.change === 'paused') counts.paused++
    })
  }
  await eventually(() => hosts.every((host) => host.connection().state === 'connected'), 60_000)
  lap('connect')
  const vms = (await Promise.all(hosts.map((host) => host.listVms()))).flat()
  lap('list')
  expect(new Set(vms.map(({ uuid }) => uuid)).size).toBe(10_000)
  const running = vms.filter(({ state }) => state === 'running')
  const readings = (await Promise.all(hosts.map((host) => host.readings()))).flat()
  lap('readings')
  expect(readings).toHaveLength(running.length)
  for (const { uuid } of running) fleet.change(uuid)
  lap('change')
  await eventually(() => counts.paused === running.length, 20_000)
  lap('events')
  measured.memoryWithClients = `${Math.round((process.memoryUsage().rss - memoryBefore) / mebibyte)} MiB`
  console.log(`500 simulated hosts, 10,000 VMs, ${running.length} events, clients in the same process:`, measured)
  expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(1500 * mebibyte)
})

it('keeps telling what happens by itself', async () => {
  const fleet = await startFleet({ size: { hosts: 20, vms: 400 }, eventsPerSecond: 400 })
  const kinds = new Set<string>()
  let count = 0
  for (const { uri } of fleet.hosts) {
    const host = libvirtDriver.open({ uri })
    atEnd(() => host.close())
    host.onEvent((event) => {
      count++
      kinds.add(event.kind === 'vm-changed' ? event.change : event.kind)
    })
  }
  await eventually(() => count > 400 && kinds.size >= 5, 20_000)
  expect([...kinds]).toEqual(expect.arrayContaining(['configured', 'rebooted', 'paused', 'agent-disconnected']))
})
