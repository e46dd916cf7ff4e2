import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { isAlive } from './child.mjs'
import { startPostgres } from './postgres.mjs'

let folder: string
/** A data directory that was started once and stopped: to make one takes longer than all else here. */
let made: string
const running: { stop: () => Promise<void> }[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skerry-setup-'))
  made = folder
  await (await start()).stop()
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skerry-setup-'))
  execFileSync('cp', ['-a', join(made, 'data'), folder])
})
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  rmSync(folder, { recursive: true, force: true })
})
afterAll(() => rmSync(made, { recursive: true, force: true }))

async function start() {
  const options = { dataDir: join(folder, 'data'), logPath: join(folder, 'postgres.log'), password: 'correct-horse' }
  const server = await startPostgres(options)
  running.push(server)
  return server
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const lockPath = () => join(folder, 'data/postmaster.pid')

test('the role may create databases and nothing more, and nobody else signs in', async () => {
  const { url, port } = await start()
  const sql = `SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, current_setting('listen_addresses') AS listens
    FROM pg_roles WHERE rolname = current_user`
  expect(await query(url(), sql)).toEqual([
    {
      rolname: 'skerry',
      rolsuper: false,
      rolcreatedb: true,
      rolcreaterole: false,
      rolbypassrls: false,
      listens: '127.0.0.1',
    },
  ])
  await expect(query(`postgresql://postgres@127.0.0.1:${port}/postgres`, 'SELECT 1')).rejects.toThrow(/no pg_hba.conf/)
  await expect(query(`postgresql://skerry:wrong@127.0.0.1:${port}/skerry`, 'SELECT 1')).rejects.toThrow(/password/)
})

test('what was written is there after a stop, and after a kill in the middle of work', async () => {
  const first = await start()
  await query(first.url(), 'CREATE TABLE note (text text)')
  await first.stop()
  expect(isAlive(first.child.pid)).toBe(false)

  const second = await start()
  await query(second.url(), `INSERT INTO note VALUES ('kept')`)
  process.kill(second.child.pid, 'SIGKILL')
  await second.child.exited

  const third = await start()
  expect(await query(third.url(), 'SELECT * FROM note')).toEqual([{ text: 'kept' }])
  expect(readFileSync(join(folder, 'postgres.log'), 'utf8')).toContain('was not properly shut down')
})

test('a lock file left by a crash of the machine, whose process id is another program by now, is no obstacle', async () => {
  const first = await start()
  await query(first.url(), 'SELECT 1')
  const lock = readFileSync(lockPath(), 'utf8')
  await first.stop()
  writeFileSync(lockPath(), lock.replace(/^\d+/, String(process.pid)), { mode: 0o600 })
  const second = await start()
  expect(await query(second.url(), 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('a data directory of another version is refused with the way out', async () => {
  writeFileSync(join(folder, 'data/PG_VERSION'), '17\n')
  await expect(start()).rejects.toThrow(/made by PostgreSQL 17; this is PostgreSQL 18.*npm run reset/)
})

test('a server that cannot start says why', async () => {
  writeFileSync(join(folder, 'data/postgresql.conf'), 'shared_buffers = never\n')
  await expect(start()).rejects.toThrow(/PostgreSQL did not start \(exit code 1\):[\s\S]*shared_buffers/)
})
