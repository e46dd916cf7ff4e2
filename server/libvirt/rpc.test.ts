import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Faults, faultySocket } from '#server/testing/faulty-socket.ts'
import { CallAborted, CallTimeout, ConnectionLost, LibvirtError, ProtocolError } from './error.ts'
import { frameType, keepaliveProgram } from './frame.ts'
import { encodeEvent, encodeKeepalive, encodeReply } from './message.ts'
import type { LibvirtEvent } from './protocol.ts'
import { RpcConnection } from './rpc.ts'
import { type Script, ScriptedDaemon } from './testing/scripted-daemon.ts'

const domain = { name: 'web', uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', id: 3 }
const suspended = encodeEvent('domainLifecycle', { callbackId: 1, domain, event: 3, detail: 0 })
const hostname: Script = { connectGetHostname: () => ({ hostname: 'somewhere' }) }
const silent: Script = { connectGetHostname: () => 'nothing' }

const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
const later = () => new Promise((resolve) => setImmediate(resolve))

function connect(script: Script, faults: Faults = {}) {
  const { client, server } = faultySocket(faults)
  const daemon = new ScriptedDaemon(server, script)
  const connection = new RpcConnection(client)
  const events: LibvirtEvent[] = []
  const warnings: Error[] = []
  connection.on('event', (event) => events.push(event))
  connection.on('warning', (warning) => warnings.push(warning))
  return { connection, daemon, client, events, warnings }
}

afterEach(() => vi.useRealTimers())

describe('calls', () => {
  it('gives the result, whatever the pieces in which it comes', async () => {
    for (const pieceBytes of [1, 2, 3, 5, 28, 1000]) {
      const { connection } = connect(hostname, { pieceBytes })
      expect(await connection.call('connectGetHostname', {})).toEqual({ hostname: 'somewhere' })
      expect(connection.unansweredCount).toBe(0)
    }
  })

  it('gives each of many calls its own answer, in any order', async () => {
    const held: (() => void)[] = []
    const { connection, daemon } = connect({
      domainLookupById: ({ id }, { serial }) => {
        const reply = encodeReply('domainLookupById', { domain: { ...domain, id } }, serial)
        held.unshift(() => daemon.socket.write(reply))
        return 'nothing'
      },
    })
    const answers = Promise.all(Array.from({ length: 50 }, (_, id) => connection.call('domainLookupById', { id })))
    await later()
    for (const release of held) release()
    expect((await answers).map((answer) => answer.domain.id)).toEqual(Array.from({ length: 50 }, (_, id) => id))
  })

  it("rejects with libvirt's own error and the name of the call", async () => {
    const { connection } = connect({})
    const failure = connection.call('domainLookupByName', { name: 'none' })
    await expect(failure).rejects.toThrow(LibvirtError)
    await expect(failure).rejects.toMatchObject({ code: 39, domain: 7, procedure: 'domainLookupByName' })
  })

  it('goes on after an answer that it can not read', async () => {
    const { connection, daemon } = connect({
      ...hostname,
      connectGetUri: (_args, { serial }) => {
        const reply = encodeReply('connectGetUri', { uri: 'test:///default' }, serial)
        reply.writeUInt32BE(0xffffffff, 28)
        daemon.socket.write(reply)
        return 'nothing'
      },
    })
    await expect(connection.call('connectGetUri', {})).rejects.toThrow(ProtocolError)
    expect(await connection.call('connectGetHostname', {})).toEqual({ hostname: 'somewhere' })
  })

  it('sends nothing when the arguments do not fit', async () => {
    const { connection, daemon } = connect(hostname)
    await expect(connection.call('domainLookupByUuid', { uuid: 'nonsense' })).rejects.toMatchObject({
      name: 'XdrError',
    })
    await later()
    expect(daemon.received).toEqual([])
    expect(connection.unansweredCount).toBe(0)
  })
})

describe('giving up', () => {
  it('times out a call that is never answered and leaves no timer', async () => {
    const before = timers()
    const { connection } = connect(silent)
    const failure = connection.call('connectGetHostname', {}, { timeoutMs: 15 })
    await expect(failure).rejects.toThrow(CallTimeout)
    await expect(failure).rejects.toMatchObject({ sent: true, procedure: 'connectGetHostname' })
    expect(timers()).toBe(before)
    expect(connection.abandonedCount).toBe(1)
  })

  it('drops the late answer and knows that the daemon has room again', async () => {
    const { connection, daemon } = connect(silent)
    const answered = vi.fn()
    connection.on('answered', answered)
    await expect(connection.call('connectGetHostname', {}, { timeoutMs: 5 })).rejects.toThrow(CallTimeout)
    expect(connection.unansweredCount).toBe(1)
    const serial = daemon.received[0]?.serial ?? 0
    const late = encodeReply('connectGetHostname', { hostname: 'late' }, serial)
    daemon.socket.write(Buffer.concat([late, late]))
    await later()
    expect(answered).toHaveBeenCalledTimes(1)
    expect(connection.unansweredCount).toBe(0)
    expect(connection.isOpen).toBe(true)
  })

  it('aborts before and after sending, and says which', async () => {
    const { connection, daemon } = connect(silent)
    const early = connection.call('connectGetHostname', {}, { signal: AbortSignal.abort() })
    await expect(early).rejects.toThrow(CallAborted)
    await expect(early).rejects.toMatchObject({ sent: false })
    expect(daemon.received).toEqual([])
    const controller = new AbortController()
    const call = connection.call('connectGetHostname', {}, { signal: controller.signal, timeoutMs: 60_000 })
    const before = timers()
    controller.abort()
    await expect(call).rejects.toMatchObject({ name: 'CallAborted', sent: true })
    expect(timers()).toBe(before - 1)
  })

  it('leaves neither timer nor listener after an answer', async () => {
    const before = timers()
    const { connection } = connect(hostname)
    const controller = new AbortController()
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    await connection.call('connectGetHostname', {}, { signal: controller.signal, timeoutMs: 60_000 })
    expect(timers()).toBe(before)
    expect(removed).toHaveBeenCalledOnce()
  })
})

describe('connections that break', () => {
  const reply = encodeReply('connectGetHostname', { hostname: 'somewhere' }, 1)

  it.each(['end', 'reset'] as const)('tells every waiting call, wherever the answer was cut (%s)', async (cutBy) => {
    const before = timers()
    for (let cutAfterBytes = 0; cutAfterBytes < reply.length; cutAfterBytes++) {
      const { connection } = connect(hostname, { cutAfterBytes, cutBy })
      const closed = new Promise<ConnectionLost>((resolve) => connection.on('closed', resolve))
      const failure = connection.call('connectGetHostname', {}, { timeoutMs: 60_000 })
      await expect(failure).rejects.toThrow(ConnectionLost)
      await expect(failure).rejects.toMatchObject({ sent: true, procedure: 'connectGetHostname' })
      expect((await closed).message).toMatch(cutBy === 'end' ? /closed the connection/ : /ECONNRESET/)
      expect(connection.unansweredCount).toBe(0)
      await expect(connection.call('connectGetHostname', {})).rejects.toMatchObject({ sent: false })
    }
    expect(timers()).toBe(before)
  })

  it('takes the answer that came whole before the end', async () => {
    const { connection } = connect(hostname, { cutAfterBytes: reply.length })
    expect(await connection.call('connectGetHostname', {})).toEqual({ hostname: 'somewhere' })
    await later()
    expect(connection.isOpen).toBe(false)
  })

  it.each([
    ['garbage', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['an oversized length', Buffer.from('7fffffff', 'hex')],
    ['a length too small for a header', Buffer.from('00000004', 'hex')],
  ])('ends the connection over %s', async (_name, bytes) => {
    const { connection, daemon, client } = connect(silent)
    const failure = connection.call('connectGetHostname', {})
    await later()
    daemon.socket.write(bytes)
    await expect(failure).rejects.toThrow(/no message/)
    expect(client.destroyed).toBe(true)
  })

  it('passes over answers and packets that belong to nothing', async () => {
    const { connection, daemon, warnings } = connect(hostname)
    daemon.socket.write(encodeReply('connectGetHostname', { hostname: 'x' }, 4711))
    const packet = encodeReply('connectGetHostname', { hostname: 'x' }, 4711)
    packet.writeInt32BE(frameType.stream, 16)
    daemon.socket.write(Buffer.from(packet))
    packet.writeInt32BE(77, 16)
    daemon.socket.write(packet)
    expect(await connection.call('connectGetHostname', {})).toEqual({ hostname: 'somewhere' })
    expect(warnings.map((warning) => warning.message)).toEqual(['a frame of the unknown type 77 came in'])
  })

  it('rejects what waits when it is closed on our side, once', async () => {
    const { connection } = connect(silent)
    const closed = vi.fn()
    connection.on('closed', closed)
    const failure = connection.call('connectGetHostname', {})
    connection.close()
    connection.close()
    await expect(failure).rejects.toThrow(/on our side/)
    await later()
    expect(closed).toHaveBeenCalledTimes(1)
  })
})

describe('events', () => {
  it('announces them between answers, in their order', async () => {
    const { connection, daemon, events } = connect(hostname, { pieceBytes: 7 })
    daemon.socket.write(Buffer.concat([suspended, suspended]))
    await connection.call('connectGetHostname', {})
    expect(events.map((event) => event.name)).toEqual(['domainLifecycle', 'domainLifecycle'])
    expect(events[0]?.body).toMatchObject({ domain, event: 3 })
  })

  it('warns of one that it can not read and goes on', async () => {
    const { connection, daemon, warnings, events } = connect(hostname)
    const broken = Buffer.from(suspended)
    broken.writeUInt32BE(0xffffff, 32)
    daemon.socket.write(Buffer.concat([broken, suspended]))
    await connection.call('connectGetHostname', {})
    expect(warnings).toHaveLength(1)
    expect(events).toHaveLength(1)
  })
})

describe('keepalive', () => {
  it("answers the daemon's pings", async () => {
    const { daemon } = connect({})
    daemon.socket.write(encodeKeepalive('ping'))
    await later()
    expect(daemon.received).toMatchObject([{ program: keepaliveProgram, procedure: 2, type: frameType.message }])
  })

  it('stays while pongs come and ends after the given number of misses', async () => {
    const { connection, daemon } = connect(silent)
    connection.startKeepalive({ intervalMs: 10, misses: 3 })
    await new Promise((resolve) => setTimeout(resolve, 80))
    expect(connection.isOpen).toBe(true)
    daemon.answersPings = false
    const startedAt = performance.now()
    await expect(connection.call('connectGetHostname', {})).rejects.toThrow(/silent for 30 ms/)
    expect(performance.now() - startedAt).toBeGreaterThan(25)
    expect(performance.now() - startedAt).toBeLessThan(500)
  })
})
