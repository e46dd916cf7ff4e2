import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statsGroup } from './flag.ts'
import { Host } from './host.ts'
import { Daemon } from './testing/daemon.ts'
import { EventLog } from './testing/event-log.ts'
import { unixTransport } from './transport/socket.ts'
import { lifecycleEvent } from './value.ts'

let daemon: Daemon
let host: Host
let log: EventLog

const virsh = (...args: string[]) => daemon.virsh('test:///default', ...args)

beforeAll(async () => {
  daemon = await Daemon.start()
  host = await daemon.connect('test:///default')
  log = new EventLog(host)
})

afterAll(async () => {
  await host?.close()
  await daemon?.remove()
})

describe('the life of a connection', () => {
  it('answers a thousand calls through one control connection', async () => {
    const startedAt = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 1000 }, () => host.call('domainLookupByName', { name: 'test' })),
    )
    const tookMs = performance.now() - startedAt
    expect(new Set(answers.map(({ domain }) => domain.name))).toEqual(new Set(['test']))
    console.log(`1,000 look-ups through one control connection: ${tookMs.toFixed(0)} ms`)
  })

  it('is kept by pings while the daemon lives, and lost soon after it stops', async () => {
    const watched = new Host({
      transport: unixTransport(daemon.socketPath),
      uri: 'test:///default',
      keepalive: { intervalMs: 50, misses: 3 },
      reconnect: { shortestMs: 50, longestMs: 200 },
    })
    watched.start()
    await new Promise((resolve) => watched.once('connected', () => resolve(undefined)))
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(watched.state.status).toBe('connected')
    const lost = new Promise<Error>((resolve) => watched.once('lost', resolve))
    const pid = await daemon.pid()
    process.kill(pid, 'SIGSTOP')
    try {
      expect((await lost).message).toMatch(/silent/)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await new Promise((resolve) => watched.once('connected', () => resolve(undefined)))
    await watched.close()
  })

  it('survives the end of the daemon: calls fail as sent, and it comes back by itself', async () => {
    const lost = new Promise<Error>((resolve) => host.once('lost', resolve))
    const back = new Promise((resolve) => host.once('connected', () => resolve(undefined)))
    await daemon.stop('SIGKILL')
    await lost
    await expect(host.call('connectGetHostname', {})).rejects.toMatchObject({ name: 'ConnectionLost', sent: false })
    await daemon.resume()
    await back
    log.clear()
    await virsh('suspend', 'test')
    await log.untilLifecycle(lifecycleEvent.suspended)
    expect((await host.call('connectListAllDomains', {})).count).toBe(1)
  })
})

describe('scale', () => {
  it('lists 5,000 domains and their state', async () => {
    const domains = Array.from(
      { length: 5000 },
      (_, index) =>
        `<domain type='test'><name>vm${index}</name><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`,
    )
    const file = path.join(daemon.folder, 'node.xml')
    await writeFile(file, `<node>${domains.join('')}</node>`)
    const uri = `test://${file}`
    const openedAt = performance.now()
    const large = await daemon.connect(uri)
    const listedAt = performance.now()
    const { domains: all } = await large.call('connectListAllDomains', {})
    const statsAt = performance.now()
    const { records } = await large.call('connectGetAllDomainStats', { domains: [], stats: statsGroup.state })
    const doneAt = performance.now()
    expect(all).toHaveLength(5000)
    expect(records).toHaveLength(5000)
    expect(new Set(all.map(({ uuid }) => uuid)).size).toBe(5000)
    const spent = [listedAt - openedAt, statsAt - listedAt, doneAt - statsAt].map((ms) => `${ms.toFixed(0)} ms`)
    console.log(`5,000 domains: open ${spent[0]}, list ${spent[1]}, state of all ${spent[2]}`)
    await large.close()
    await rm(file)
  })
})
