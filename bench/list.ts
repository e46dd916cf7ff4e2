// One page of 50 VMs out of 10,000 and of 100,000, for each sort key and kind of filter, at the top and deep below, as
// a member and as an operator sees it, through session, permission and row-level security; its peer is OFFSET paging.
import pg from 'pg'
import { openServices, type Services } from '#server/api/services.ts'
import { env } from '#server/env.ts'
import { createPerson, signIn } from '#server/testing/person.ts'
import { startThrowAwayPostgres, templateDatabase } from '#server/testing/postgres-run.ts'
import { largeTenant, smallTenant, writeFleet } from './fleet/write-fleet.ts'
import { type Asker, listCases } from './list/cases.ts'
import { type ListMeasurement, measureList } from './list/measure.ts'
import { geometricMean, median, percentile, rounded } from './measure/percentile.ts'
import { say, sayMachine, sayResult, sayTable } from './measure/report.ts'

const sizes = [
  { vms: 10_000, hosts: 100, sites: 20, tenants: 200, rounds: 12 },
  { vms: 100_000, hosts: 500, sites: 60, tenants: 200, rounds: 40 },
]

async function askers(services: Services): Promise<Record<Asker, Headers>> {
  const testServices = { ...services, databaseUrl: '', close: async () => {} }
  const person = async (options: Parameters<typeof createPerson>[1]) =>
    signIn(testServices, await createPerson(testServices, options))
  return {
    member: await person({ name: 'Mia', roles: { [largeTenant]: 'member' } }),
    small: await person({ name: 'Sam', roles: { [smallTenant]: 'owner' } }),
    several: await person({
      name: 'Sev',
      roles: { [largeTenant]: 'member', 'tenant-2': 'viewer', 'tenant-3': 'admin' },
    }),
    operator: await person({ name: 'Olga', operator: true }),
  }
}

const deep = (measurement: ListMeasurement) => measurement.offset >= 1000
const ratio = ({ ms, offsetMs }: ListMeasurement) => median(offsetMs) / median(ms)

function sayMeasurements(measurements: readonly ListMeasurement[]) {
  sayTable(
    ['asker', 'filter', 'sort', 'after', 'rows', 'p50 ms', 'p99 ms', 'OFFSET p50', 'ratio'],
    measurements.map((each) => [
      each.asker,
      each.filter || '—',
      `${each.sort.key}${each.sort.descending ? ' ↓' : ''}`,
      String(each.offset),
      String(each.rows),
      median(each.ms),
      percentile(each.ms, 0.99),
      median(each.offsetMs),
      ratio(each),
    ]),
  )
}

const postgres = await startThrowAwayPostgres()
try {
  sayMachine()
  let result = {}
  for (const size of sizes) {
    const name = `list_${size.vms}`
    const admin = new pg.Client({ connectionString: postgres.serverUrl })
    await admin.connect()
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${templateDatabase}`)
    await admin.end()
    const url = new URL(postgres.serverUrl)
    url.pathname = `/${name}`
    const sql = new pg.Client({ connectionString: url.href, options: '-c skerry.scope=*' })
    await sql.connect()
    await writeFleet(sql, size)
    await sql.end()
    const services = openServices({ ...env(), DATABASE_URL: url.href })
    try {
      const headers = await askers(services)
      const measurements = await measureList({ services, headers, rounds: size.rounds }, listCases())
      say(`\n${size.vms.toLocaleString('en')} VMs, pages of 50, ${size.rounds} rounds`)
      sayMeasurements(measurements)
      const all = measurements.flatMap((each) => each.ms)
      const ratios = measurements.filter(deep).map(ratio)
      result = {
        vms: size.vms,
        p50Ms: rounded(median(all)),
        p99Ms: rounded(percentile(all, 0.99)),
        vsOffset: rounded(geometricMean(ratios)),
        worstP50Ms: rounded(Math.max(...measurements.map((each) => median(each.ms)))),
        leastVsOffset: rounded(Math.min(...ratios)),
      }
      say(`All requests: ${JSON.stringify(result)}`)
      sayMachine()
    } finally {
      await services.close()
    }
  }
  sayResult({ bench: 'list', ...result })
} finally {
  await postgres.stop()
}
