// 5,000 domains behind one real libvirtd: how long they take into Postgres, and one changed VM to the browsers' streams;
// the peer is virsh, which lists the domains and prints their counters.
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { openDb } from '#server/db.ts'
import { libvirtDriver } from '#server/hypervisor/libvirt/driver.ts'
import { startInventory } from '#server/inventory/inventory.ts'
import { ChangeFeed } from '#server/live/change-feed.ts'
import { LiveHub } from '#server/live/live-hub.ts'
import { log } from '#server/log.ts'
import { startThrowAwayPostgres, type ThrowAwayPostgres, templateDatabase } from '#server/testing/postgres-run.ts'
import { measureEvents } from './inventory/event-cost.ts'
import { manyDomains, testUri } from './inventory/many-domains.ts'
import { median, percentile, rounded, timed } from './measure/percentile.ts'
import { say, sayMachine, sayResult, sayTable } from './measure/report.ts'

const domainCount = 5000
const runs = 5
const eventCount = 30

type Domains = Awaited<ReturnType<typeof manyDomains>>

/** Seconds that virsh takes to list all domains and to print all their counters. */
async function virshSeconds({ daemon }: Domains) {
  const list = await timed(() => daemon.virsh(testUri, 'list', '--all'))
  const stats = await timed(() => daemon.virsh(testUri, 'domstats'))
  return { list: list.ms / 1000, stats: stats.ms / 1000 }
}

async function freshDatabase(postgres: ThrowAwayPostgres, name: string, hostUri: string) {
  const url = new URL(postgres.serverUrl)
  const server = new pg.Client({ connectionString: url.href })
  await server.connect()
  await server.query(`CREATE DATABASE ${name} TEMPLATE ${templateDatabase}`)
  await server.end()
  url.pathname = `/${name}`
  const sql = new pg.Client({ connectionString: url.href, options: '-c skerry.scope=*' })
  await sql.connect()
  const siteId = randomUUID()
  await sql.query(
    `INSERT INTO site (id, name, slug, kind, latitude, longitude) VALUES ($1, 'S', 's', 'region', 0, 0)`,
    [siteId],
  )
  await sql.query('INSERT INTO host (id, site_id, name, uri) VALUES ($1, $2, $3, $4)', [
    randomUUID(),
    siteId,
    'big',
    hostUri,
  ])
  return { url: url.href, sql }
}

/** After the first sync addresses are asked for; waits until no row has changed for a second. @returns how long */
async function settled(feed: ChangeFeed): Promise<number> {
  const startedAt = performance.now()
  let changedAt = startedAt
  const unsubscribe = feed.onChange(({ noun }) => {
    if (noun === 'vm') changedAt = performance.now()
  })
  while (performance.now() - changedAt < 1000 && performance.now() - startedAt < 120_000) await delay(50)
  unsubscribe()
  return (changedAt - startedAt) / 1000
}

async function oneRun(postgres: ThrowAwayPostgres, domains: Domains, run: number) {
  const { url, sql } = await freshDatabase(
    postgres,
    `inventory_${run}`,
    `${testUri}?socket=${domains.daemon.socketPath}`,
  )
  const db = openDb(url, { scope: 'fleet' })
  const feed = new ChangeFeed(url)
  await feed.open()
  const hub = new LiveHub({ db, fleetDb: db }, feed)
  const before = await virshSeconds(domains)
  const startedAtMs = performance.timeOrigin + performance.now()
  const inventory = await startInventory({ db, driver: libvirtDriver, workerId: 'bench', log, changes: feed })
  try {
    const written = async () => (await sql.query('SELECT count(*)::int AS count FROM vm')).rows[0].count
    // The daemon brings a domain of its own.
    // Asked seldom, for counting rows takes time from writing them; Postgres knows when the last were committed.
    while ((await written()) !== domainCount + 1) await delay(200)
    const { rows: ends } = await sql.query<{ ms: number }>(
      'SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::float8 * 1000 AS ms FROM disk',
    )
    const syncSeconds = ((ends[0]?.ms ?? Number.NaN) - startedAtMs) / 1000
    const after = await virshSeconds(domains)
    const { rows } = await sql.query<{ name: string; id: string }>('SELECT name, id::text FROM vm')
    const vmIds = new Map(rows.map((row) => [row.name, row.id]))
    const settledSeconds = await settled(feed)
    const { daemon, keeper } = domains
    const events = await measureEvents({ daemon, keeper, feed, hub, vmIds, first: run * 100, count: eventCount })
    return {
      syncSeconds,
      list: (before.list + after.list) / 2,
      stats: (before.stats + after.stats) / 2,
      settledSeconds,
      events,
    }
  } finally {
    await inventory.stop()
    await feed.close()
    await db.$disconnect()
    await sql.end()
  }
}

const postgres = await startThrowAwayPostgres()
try {
  say(`Making ${domainCount.toLocaleString('en')} domains`)
  const domains = await manyDomains(domainCount)
  try {
    sayMachine()
    const results = []
    for (let run = 0; run < runs; run++) results.push(await oneRun(postgres, domains, run))
    const events = results.flatMap((result) => result.events)
    sayTable(
      [
        'run',
        'sync s',
        'virsh list s',
        'virsh domstats s',
        'ratio',
        'settled s',
        'event→notice ms',
        'event→batch ms',
        'virsh→batch ms',
      ],
      results.map((result, run) => [
        `${run + 1}`,
        result.syncSeconds,
        result.list,
        result.stats,
        result.syncSeconds / (result.list + result.stats),
        result.settledSeconds,
        median(result.events.map((event) => event.noticeMs)),
        median(result.events.map((event) => event.batchMs)),
        median(result.events.map((event) => event.fromVirshMs)),
      ]),
    )
    sayMachine()
    sayResult({
      bench: 'inventory',
      syncSeconds: rounded(median(results.map((result) => result.syncSeconds))),
      vsVirsh: rounded(median(results.map((result) => result.syncSeconds / (result.list + result.stats)))),
      eventMs: rounded(median(events.map((event) => event.batchMs))),
      eventP99Ms: rounded(
        percentile(
          events.map((event) => event.batchMs),
          0.99,
        ),
      ),
      eventToNoticeMs: rounded(median(events.map((event) => event.noticeMs))),
    })
  } finally {
    await domains.close()
  }
} finally {
  await postgres.stop()
}
