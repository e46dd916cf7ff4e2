import { describe, expect, it } from 'vitest'
import { faultySocket } from '#server/testing/faulty-socket.ts'
import type { Frame } from './frame.ts'
import { encodeReply } from './message.ts'
import { CallQueue } from './queue.ts'
import { RpcConnection } from './rpc.ts'
import { ScriptedDaemon } from './testing/scripted-daemon.ts'

const later = () => new Promise((resolve) => setImmediate(resolve))

/** A daemon that answers `domainLookupById` only when told to. */
function connect(limit: number, refillAt?: number) {
  const { client, server } = faultySocket()
  const held: { id: number; frame: Frame }[] = []
  const daemon = new ScriptedDaemon(server, {
    domainLookupById: ({ id }, frame) => {
      held.push({ id, frame })
      return 'nothing'
    },
  })
  const connection = new RpcConnection(client)
  const answer = (id: number) => {
    const { frame } =
      held.splice(
        held.findIndex((one) => one.id === id),
        1,
      )[0] ?? {}
    const domain = { name: `vm${id}`, uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f', id }
    daemon.socket.write(encodeReply('domainLookupById', { domain }, frame?.serial ?? 0))
    return later()
  }
  const queue = new CallQueue(connection, limit, refillAt)
  const ids = () => held.map((one) => one.id)
  return { queue, connection, answer, ids }
}

describe('the queue of a connection', () => {
  it('sends no more than the limit at once, and keeps the order', async () => {
    const { queue, answer, ids } = connect(4)
    const calls = Array.from({ length: 7 }, (_, id) => queue.call('domainLookupById', { id }))
    await later()
    expect(ids()).toEqual([0, 1, 2, 3])
    expect(queue.waitingCount).toBe(3)
    await answer(2)
    expect(ids()).toEqual([0, 1, 3, 4])
    for (const id of [0, 1, 3, 4, 5, 6]) await answer(id)
    expect((await Promise.all(calls)).map(({ domain }) => domain.id)).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('lets those that wait leave together once few are unanswered, and none overtakes them', async () => {
    const { queue, answer, ids } = connect(4, 2)
    const calls = Array.from({ length: 6 }, (_, id) => queue.call('domainLookupById', { id }))
    await later()
    await answer(0)
    expect(ids()).toEqual([1, 2, 3])
    calls.push(queue.call('domainLookupById', { id: 6 }))
    await later()
    expect(ids()).toEqual([1, 2, 3])
    await answer(1)
    expect(ids()).toEqual([2, 3, 4, 5])
    for (const id of [2, 3, 4, 5, 6]) await answer(id)
    await Promise.all(calls)
  })

  it('lets an urgent call go first', async () => {
    const { queue, answer, ids } = connect(1)
    const calls = [1, 2, 3].map((id) => queue.call('domainLookupById', { id }))
    calls.push(queue.call('domainLookupById', { id: 9 }, { urgent: true }))
    await later()
    await answer(1)
    expect(ids()).toEqual([9])
    for (const id of [9, 2, 3]) await answer(id)
    await Promise.all(calls)
  })

  it('keeps the place of a call that was given up until the daemon answers it', async () => {
    const { queue, answer, ids } = connect(2)
    const given = [1, 2].map((id) => queue.call('domainLookupById', { id }, { timeoutMs: 5 }))
    for (const call of given) await expect(call).rejects.toMatchObject({ name: 'CallTimeout', sent: true })
    expect(queue.isStuck).toBe(true)
    const next = queue.call('domainLookupById', { id: 3 })
    await later()
    expect(ids()).toEqual([1, 2])
    await answer(1)
    expect(queue.isStuck).toBe(false)
    expect(ids()).toEqual([2, 3])
    await answer(3)
    expect((await next).domain.id).toBe(3)
  })

  it('counts the waiting against the time limit, and says that nothing was sent', async () => {
    const { queue, answer, ids } = connect(1)
    const first = queue.call('domainLookupById', { id: 1 })
    const controller = new AbortController()
    const timed = queue.call('domainLookupById', { id: 2 }, { timeoutMs: 5 })
    const aborted = queue.call('domainLookupById', { id: 3 }, { signal: controller.signal })
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ name: 'CallAborted', sent: false })
    await expect(timed).rejects.toMatchObject({ name: 'CallTimeout', sent: false })
    expect(queue.waitingCount).toBe(0)
    await answer(1)
    await first
    expect(ids()).toEqual([])
  })

  it('rejects what waits when the connection ends: sent or not', async () => {
    const { queue, connection } = connect(1)
    const calls = [1, 2].map((id) => queue.call('domainLookupById', { id }))
    connection.destroy('gone')
    await expect(calls[0]).rejects.toMatchObject({ name: 'ConnectionLost', sent: true })
    await expect(calls[1]).rejects.toMatchObject({ name: 'ConnectionLost', sent: false })
  })

  it('passes a call on when the one before it could not be sent', async () => {
    const { queue, answer, ids } = connect(1)
    const first = queue.call('domainLookupById', { id: 1 })
    const broken = expect(queue.call('domainLookupByUuid', { uuid: 'nonsense' })).rejects.toMatchObject({
      name: 'XdrError',
    })
    const last = queue.call('domainLookupById', { id: 2 })
    await later()
    await answer(1)
    await first
    await broken
    expect(ids()).toEqual([2])
    await answer(2)
    await last
  })
})
