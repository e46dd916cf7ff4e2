import { describe, expect, it } from 'vitest'
import { Host } from '#server/libvirt/host.ts'
import type { LibvirtEvent } from '#server/libvirt/protocol.ts'
import { unixTransport } from '#server/libvirt/transport/socket.ts'
import { lifecycleEvent } from '#server/libvirt/value.ts'
import type { SimulatedHost } from './simulated-host.ts'
import { atEnd, eventually, startFleet } from './testing/fleet.ts'

/** The real client, with every state it went through and every event it heard. */
async function clientOf(simulated: SimulatedHost) {
  const host = new Host({
    transport: unixTransport(simulated.socketPath),
    uri: 'qemu:///system',
    keepalive: { intervalMs: 100, misses: 3 },
    reconnect: { shortestMs: 10, longestMs: 100 },
    connectTimeoutMs: 500,
  })
  atEnd(() => host.close())
  const states: string[] = []
  const events: LibvirtEvent[] = []
  host.on('state', ({ status }) => states.push(status))
  host.on('event', (event) => events.push(event))
  host.start()
  await eventually(() => host.state.status === 'connected')
  return { host, states, events }
}

async function oslo() {
  const fleet = await startFleet()
  const simulated = fleet.host('oslo-1')
  return { fleet, simulated, ...(await clientOf(simulated)) }
}

describe('what can go wrong between the client and a simulated host', () => {
  it('has every event that the client knows', async () => {
    const { host } = await oslo()
    expect(host.state).toEqual({ status: 'connected', missingEvents: [] })
  })

  it('drops its connections: the client comes back and hears events again', async () => {
    const { fleet, simulated, host, states, events } = await oslo()
    simulated.dropConnections()
    await eventually(() => states.includes('lost') && host.state.status === 'connected')
    fleet.change('shop-web-1')
    const event = await eventually(() => events.find(({ name }) => name === 'domainLifecycle'))
    expect(event).toMatchObject({ body: { domain: { name: 'shop-web-1' }, event: lifecycleEvent.suspended } })
  })

  it('freezes: the client gives it up by its missing pings, and returns when it goes on', async () => {
    const { simulated, host, states } = await oslo()
    simulated.freeze()
    const began = performance.now()
    const call = host.call('connectGetHostname', {})
    await expect(call).rejects.toThrow(/silent for 300 ms/)
    expect(performance.now() - began).toBeLessThan(1500)
    await new Promise((resolve) => setTimeout(resolve, 800))
    expect(host.state.status).not.toBe('connected')
    simulated.thaw()
    await eventually(() => host.state.status === 'connected')
    expect(await host.call('connectGetHostname', {})).toEqual({ hostname: 'oslo-1' })
    expect(states).toContain('lost')
  })

  it('freezes shortly: what was asked meanwhile is answered on the same connection', async () => {
    const { simulated, host, states } = await oslo()
    simulated.freeze()
    const call = host.call('connectGetHostname', {})
    await new Promise((resolve) => setTimeout(resolve, 150))
    simulated.thaw()
    expect(await call).toEqual({ hostname: 'oslo-1' })
    expect(states).not.toContain('lost')
  })

  it('is slow: answers come late and in order, and the connection stays', async () => {
    const { simulated, host, states } = await oslo()
    simulated.slow(250)
    const began = performance.now()
    await host.call('connectGetHostname', {})
    expect(performance.now() - began).toBeGreaterThan(240)
    await expect(host.call('connectGetHostname', {}, { timeoutMs: 100 })).rejects.toThrow()
    simulated.slow(0)
    expect(await host.call('connectGetType', {})).toEqual({ type: 'SIMULATED' })
    expect(states).not.toContain('lost')
  })

  it('loses power: nothing answers, and afterwards only what starts with the host runs', async () => {
    const { fleet, simulated, host } = await oslo()
    const vm = fleet.find('shop-web-1')?.vm
    if (!vm) throw new Error('no VM')
    const domain = { uuid: vm.uuid }
    await host.call('domainSetAutostart', { domain, autostart: false })
    await simulated.stop()
    await eventually(() => host.state.status === 'lost')
    await expect(host.call('connectGetHostname', {})).rejects.toThrow(/not connected/)
    await simulated.start()
    await eventually(() => host.state.status === 'connected')
    const { domains } = await host.call('connectListAllDomains', { flags: 2 })
    expect(domains.map(({ name }) => name)).toEqual(['shop-web-1'])
  })

  it('takes five calls of a connection at once, and no ping while they last', async () => {
    const { fleet, simulated, host } = await oslo()
    const uuids = ['shop-web-1', 'shop-app-1', 'desktop-cleo'].map((name) => fleet.find(name)?.vm.uuid ?? '')
    // A bandwidth of one MiB a second keeps them busy.
    const move = (uuid: string) => ({
      domain: { uuid },
      destinationUri: fleet.host('oslo-2').uri,
      flags: 1 | 2 | 64,
      params: { bandwidth: 1n },
    })
    const moves = uuids.map((uuid) => host.job('domainMigratePerform3Params', move(uuid)).catch(String))
    await eventually(() => fleet.host('oslo-2').model.vms.size === 2 + uuids.length)
    expect(await host.call('connectGetHostname', {})).toEqual({ hostname: 'oslo-1' })
    for (const uuid of uuids) await host.call('domainAbortJob', { domain: { uuid } })
    expect(await Promise.all(moves)).toEqual(uuids.map(() => expect.stringContaining('canceled by client')))
    expect(simulated.model.vms.size).toBe(3)
  })
})
