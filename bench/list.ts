// One page of 50 VMs out of 10,000 and of 100,000, for each sort key and kind of filter, at the top and deep below, as
// a member and as an operator sees it, through session, permission and row-level security; its peer is OFFSET paging.
import { openServices } from '#server/api/services.ts'
import { env } from '#server/env.ts'
import { startThrowAwayPostgres } from '#server/testing/postgres-run.ts'
import { fleetDatabase } from './fleet/database.ts'
import { signedInAskers } from './list/askers.ts'
import { listCases } from './list/cases.ts'
import { measureList } from './list/measure.ts'
import { sayMeasurements, summaryOf } from './list/summary.ts'
import { say, sayMachine, sayResult } from './measure/report.ts'

const sizes = [
  { vms: 10_000, hosts: 100, sites: 20, tenants: 200, rounds: 12 },
  { vms: 100_000, hosts: 500, sites: 60, tenants: 200, rounds: 24 },
]

const postgres = await startThrowAwayPostgres()
try {
  let result = {}
  for (const size of sizes) {
    const url = await fleetDatabase(postgres, `list_${size.vms}`, size)
    const services = openServices({ ...env(), DATABASE_URL: url })
    try {
      const headers = await signedInAskers(services)
      sayMachine()
      const measurements = await measureList({ services, headers, rounds: size.rounds }, listCases())
      say(`\n${size.vms.toLocaleString('en')} VMs, pages of 50, ${size.rounds} rounds`)
      sayMeasurements(measurements)
      result = { vms: size.vms, ...summaryOf(measurements) }
      say(JSON.stringify(result))
      sayMachine()
    } finally {
      await services.close()
    }
  }
  sayResult({ bench: 'list', ...result })
} finally {
  await postgres.stop()
}
