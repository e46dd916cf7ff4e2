import { afterEach, describe, expect, it } from 'vitest'
import { faultySocket } from '#server/testing/faulty-socket.ts'
import { TransportError } from './error.ts'
import { Host, type HostOptions } from './host.ts'
import { encodeEvent } from './message.ts'
import { greeting, type Script, ScriptedDaemon } from './testing/scripted-daemon.ts'
import type { Transport } from './transport/socket.ts'

const domain = { name: 'web', uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', id: 3 }
const lifecycle = encodeEvent('domainLifecycle', { callbackId: 0, domain, event: 2, detail: 0 })
const served: Script = {
  ...greeting,
  connectDomainEventCallbackRegisterAny: ({ eventId }) => ({ callbackId: eventId }),
  connectGetHostname: () => ({ hostname: 'somewhere' }),
}

const hosts: Host[] = []
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.close()
})

/** A host whose daemons live in memory; `daemons` has one for each connection made. */
function makeHost(script: Script = served, options: Partial<HostOptions> = {}) {
  const daemons: ScriptedDaemon[] = []
  const heard: string[] = []
  const attempts: number[] = []
  const control = { reachable: true, closed: false }
  const transport: Transport = {
    address: 'memory',
    async open() {
      attempts.push(performance.now())
      if (!control.reachable) throw new TransportError('unreachable', 'memory: nobody there')
      const { client, server } = faultySocket()
      daemons.push(new ScriptedDaemon(server, script))
      return client
    },
    async close() {
      control.closed = true
    },
  }
  const host = new Host({
    transport,
    uri: 'test:///default',
    events: ['domainLifecycle', 'domainReboot'],
    reconnect: { shortestMs: 4, longestMs: 16 },
    ...options,
  })
  hosts.push(host)
  host.on('state', (state) => heard.push(state.status))
  host.on('connected', () => heard.push('connected!'))
  host.on('event', (event) => heard.push(event.name))
  return { host, daemons, heard, control, attempts }
}

const reached = (host: Host, status: string) =>
  new Promise<void>((resolve) => {
    if (host.state.status === status) resolve()
    host.on('state', (state) => state.status === status && resolve())
  })

describe('connecting', () => {
  it('turns pings on before it opens, subscribes, and says connected before any event', async () => {
    const { host, daemons, heard } = makeHost({
      ...served,
      connectDomainEventCallbackRegisterAny: ({ eventId }) => {
        daemons[0]?.socket.write(lifecycle)
        return { callbackId: eventId }
      },
    })
    host.start()
    await reached(host, 'connected')
    expect(daemons[0]?.calls).toEqual([
      'authList',
      'connectSupportsFeature',
      'connectOpen',
      'connectDomainEventCallbackRegisterAny',
      'connectDomainEventCallbackRegisterAny',
    ])
    expect(heard).toEqual(['connected', 'connected!', 'domainLifecycle', 'domainLifecycle'])
    expect(await host.call('connectGetHostname', {})).toEqual({ hostname: 'somewhere' })
  })

  it('does without events that the daemon does not have', async () => {
    const { host } = makeHost({ ...served }, { events: ['domainLifecycle', 'storagePoolRefresh'] })
    host.start()
    await reached(host, 'connected')
    expect(host.state).toEqual({ status: 'connected', missingEvents: ['storagePoolRefresh'] })
  })

  it('rejects calls at once, as not sent, until it is connected', async () => {
    const { host } = makeHost()
    await expect(host.call('connectGetHostname', {})).rejects.toMatchObject({ name: 'ConnectionLost', sent: false })
    await expect(host.job('connectGetHostname', {})).rejects.toMatchObject({ name: 'ConnectionLost', sent: false })
  })

  it('says what a daemon that wants a password would need', async () => {
    const { host } = makeHost({ ...served, authList: () => ({ types: [1] }) })
    host.start()
    await reached(host, 'lost')
    expect(host.state).toMatchObject({ status: 'lost', reason: { reason: 'authentication' } })
  })

  it('gives up on a daemon that accepts and then is silent', async () => {
    const { host } = makeHost({ ...served, connectOpen: () => 'nothing' }, { connectTimeoutMs: 15 })
    host.start()
    await reached(host, 'lost')
    expect(host.state).toMatchObject({ status: 'lost', reason: { reason: 'timeout' } })
  })
})

describe('losing', () => {
  it('rejects what was under way, says why, and comes back by itself', async () => {
    const { host, daemons, heard } = makeHost({ ...served, connectGetUri: () => 'nothing' })
    host.start()
    await reached(host, 'connected')
    const call = host.call('connectGetUri', {})
    daemons[0]?.socket.destroy()
    await expect(call).rejects.toMatchObject({ name: 'ConnectionLost', sent: true })
    expect(host.state).toMatchObject({ status: 'lost', reason: { name: 'ConnectionLost' } })
    await reached(host, 'connected')
    expect(heard).toEqual(['connected', 'connected!', 'lost', 'connecting', 'connected', 'connected!'])
    expect(daemons[1]?.calls).toHaveLength(5)
  })

  it('tries again ever more rarely, up to a longest wait, and starts over after success', async () => {
    const { host, control, attempts } = makeHost(served, { reconnect: { shortestMs: 10, longestMs: 40 } })
    control.reachable = false
    host.start()
    await new Promise((resolve) => setTimeout(resolve, 260))
    const waits = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0))
    expect(waits.length).toBeGreaterThanOrEqual(5)
    expect(waits[0]).toBeLessThan(20)
    for (const wait of waits.slice(2)) expect(wait).toBeGreaterThan(18)
    expect(host.state).toMatchObject({ reason: { reason: 'unreachable' } })
    control.reachable = true
    await reached(host, 'connected')
  })

  it('drops a daemon that answers none of the calls it holds', async () => {
    const { host, daemons } = makeHost({ ...served, connectGetUri: () => 'nothing' })
    host.start()
    await reached(host, 'connected')
    const calls = Array.from({ length: 4 }, () => host.call('connectGetUri', {}, { timeoutMs: 10 }))
    for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'CallTimeout' })
    await reached(host, 'lost')
    await reached(host, 'connected')
    expect(daemons).toHaveLength(2)
  })

  it('notices a daemon that went silent', async () => {
    const { host, daemons } = makeHost(served, { keepalive: { intervalMs: 5, misses: 2 } })
    host.start()
    await reached(host, 'connected')
    for (const daemon of daemons) daemon.answersPings = false
    await reached(host, 'lost')
    expect(host.state).toMatchObject({ reason: { message: 'the daemon was silent for 10 ms' } })
  })

  it('lets go of a daemon that lost its hypervisor', async () => {
    const { host, daemons, heard } = makeHost()
    host.start()
    await reached(host, 'connected')
    daemons[0]?.socket.write(encodeEvent('connectionClosed', { reason: 1 }))
    await reached(host, 'lost')
    expect(heard).toContain('connectionClosed')
  })
})

describe('connections apart', () => {
  it('opens one for each stream, without pings, and closes it with the stream', async () => {
    const { host, daemons } = makeHost({ ...served, domainOpenConsole: () => ({}) })
    host.start()
    await reached(host, 'connected')
    const { stream } = await host.openStream('domainOpenConsole', { domain })
    expect(daemons[1]?.calls).toEqual(['authList', 'connectOpen', 'domainOpenConsole'])
    stream.destroy()
    await new Promise((resolve) => daemons[1]?.socket.once('end', resolve))
    expect(host.state.status).toBe('connected')
  })

  it('runs jobs beside the control connection', async () => {
    const { host, daemons } = makeHost()
    host.start()
    await reached(host, 'connected')
    expect(await host.job('connectGetHostname', {})).toEqual({ hostname: 'somewhere' })
    expect(daemons.map((daemon) => daemon.calls.includes('connectGetHostname'))).toEqual([false, true])
  })
})

describe('closing', () => {
  it('ends everything, once, from any state', async () => {
    for (const status of ['connecting', 'connected', 'lost']) {
      const { host, control } = makeHost({ ...served, connectGetUri: () => 'nothing' })
      control.reachable = status !== 'lost'
      host.start()
      await reached(host, status)
      const call = host.call('connectGetUri', {})
      const failed = expect(call).rejects.toMatchObject({ name: 'ConnectionLost' })
      await host.close()
      await host.close()
      await failed
      expect(host.state.status).toBe('closed')
      expect(control.closed).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(host.state.status).toBe('closed')
    }
  })

  it('stops an attempt that is under way', async () => {
    const { host } = makeHost({ ...served, connectOpen: () => 'nothing' })
    host.start()
    await new Promise((resolve) => setTimeout(resolve, 5))
    const startedAt = performance.now()
    await host.close()
    expect(performance.now() - startedAt).toBeLessThan(500)
  })
})
