import { describe, expect, it } from 'vitest'
import { faultySocket } from '#server/testing/faulty-socket.ts'
import { JobPool } from './job-pool.ts'
import { encodeReply } from './message.ts'
import { RpcConnection } from './rpc.ts'
import { ScriptedDaemon } from './testing/scripted-daemon.ts'

const later = () => new Promise((resolve) => setTimeout(resolve, 2))
const perform = { domain: { uuid: '6695eb01-f6a4-8304-79aa-97f2502e193f' }, params: {} }

function pool(options: { idleMs?: number; refuse?: boolean } = {}) {
  const releases: (() => void)[] = []
  const connections: RpcConnection[] = []
  const jobs = new JobPool({
    callsPerConnection: 4,
    totalCalls: 10,
    idleMs: options.idleMs ?? 10_000,
    connect: async () => {
      if (options.refuse) throw new Error('no way')
      const { client, server } = faultySocket()
      const daemon: ScriptedDaemon = new ScriptedDaemon(server, {
        domainMigratePerform3Params: (_args, { serial }) => {
          releases.push(() => daemon.socket.write(encodeReply('domainMigratePerform3Params', {}, serial)))
          return 'nothing'
        },
      })
      const connection = new RpcConnection(client)
      connections.push(connection)
      await later()
      return connection
    },
  })
  const run = (signal?: AbortSignal) => jobs.call('domainMigratePerform3Params', perform, { signal })
  return { jobs, run, releases, connections }
}

describe('long calls', () => {
  it('spread over connections, four on each and ten in all', async () => {
    const { jobs, run, releases, connections } = pool()
    const calls = Array.from({ length: 13 }, () => run())
    await later()
    await later()
    expect(connections.map((connection) => connection.unansweredCount)).toEqual([4, 4, 2])
    expect(jobs.waitingCount).toBe(3)
    for (let count = 0; count < 13; count++) {
      releases.shift()?.()
      await later()
    }
    await Promise.all(calls)
    expect(connections).toHaveLength(3)
    expect(jobs.runningCount).toBe(0)
    jobs.close('done')
  })

  it('still count while the daemon works on them after their caller gave up', async () => {
    const { jobs, run, releases } = pool()
    const controller = new AbortController()
    const call = run(controller.signal)
    await later()
    await later()
    controller.abort()
    await expect(call).rejects.toMatchObject({ name: 'CallAborted', sent: true })
    expect(jobs.runningCount).toBe(1)
    releases[0]?.()
    await later()
    expect(jobs.runningCount).toBe(0)
    jobs.close('done')
  })

  it('can be given up while they wait for a turn', async () => {
    const { jobs, run, releases } = pool()
    const running = Array.from({ length: 10 }, () => run())
    const controller = new AbortController()
    const waiting = run(controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'CallAborted', sent: false })
    await later()
    await later()
    for (const release of releases) release()
    await Promise.all(running)
    jobs.close('done')
  })

  it('fail together with their connection, and the next one gets a fresh one', async () => {
    const { jobs, run, releases, connections } = pool()
    const first = run()
    await later()
    await later()
    connections[0]?.destroy('cable cut')
    await expect(first).rejects.toMatchObject({ name: 'ConnectionLost', sent: true })
    const second = run()
    await later()
    await later()
    releases.at(-1)?.()
    await second
    expect(connections).toHaveLength(2)
    jobs.close('done')
  })

  it('report that no connection can be had, all of them', async () => {
    const { jobs, run } = pool({ refuse: true })
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => run()))
    expect(new Set(outcomes.map((outcome) => outcome.status))).toEqual(new Set(['rejected']))
    expect(jobs.runningCount).toBe(0)
    expect(jobs.connectionCount).toBe(0)
  })

  it('leave no idle connection behind', async () => {
    const { jobs, run, releases, connections } = pool({ idleMs: 10 })
    const call = run()
    await later()
    await later()
    releases[0]?.()
    await call
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(connections[0]?.isOpen).toBe(false)
    expect(jobs.connectionCount).toBe(0)
  })

  it('reject when the pool closes: waiting ones as not sent', async () => {
    const { jobs, run } = pool()
    const calls = Array.from({ length: 11 }, () => run())
    const outcomes = Promise.allSettled(calls)
    await later()
    await later()
    jobs.close('over')
    const errors = (await outcomes).map((outcome) => (outcome.status === 'rejected' ? outcome.reason.sent : 'fine'))
    expect(errors).toEqual([...Array(10).fill(true), false])
    await expect(run()).rejects.toMatchObject({ name: 'ConnectionLost', sent: false })
  })
})
