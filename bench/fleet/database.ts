import pg from 'pg'
import { type ThrowAwayPostgres, templateDatabase } from '#server/testing/postgres-run.ts'
import { type FleetSize, writeFleet } from './write-fleet.ts'

/** A migrated database with a fleet in it. @returns its URL, for a role that row-level security holds for */
export async function fleetDatabase(postgres: ThrowAwayPostgres, name: string, size: FleetSize): Promise<string> {
  await withClient(postgres.serverUrl, (sql) => sql.query(`CREATE DATABASE ${name} TEMPLATE ${templateDatabase}`))
  const url = new URL(postgres.serverUrl)
  url.pathname = `/${name}`
  await withClient(url.href, (sql) => writeFleet(sql, size))
  return url.href
}

async function withClient(url: string, work: (sql: pg.Client) => Promise<unknown>) {
  const sql = new pg.Client({ connectionString: url, options: '-c skerry.scope=*' })
  await sql.connect()
  try {
    await work(sql)
  } finally {
    await sql.end()
  }
}
