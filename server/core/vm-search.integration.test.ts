import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Db, inScope, openDb, type Scope } from '#server/db.ts'
import { parseFilter } from '#server/schema/filter.ts'
import { type VmPage, vmSortKeys } from '#server/schema/vm.ts'
import { type TestDatabase, testDatabase } from '#server/testing/postgres.ts'
import { createHost, createVm } from '#server/testing/vm.ts'
import { listVms } from './vm-list.ts'

let database: TestDatabase
let fleet: Db
let db: Db
let sql: pg.Client

const scopes: Scope[] = [
  'fleet',
  { tenantIds: ['acme'] },
  { tenantIds: ['globex'] },
  { tenantIds: ['acme', 'globex'] },
  { tenantIds: [] },
]

beforeAll(async () => {
  database = await testDatabase()
  fleet = openDb(database.url, { scope: 'fleet' })
  db = openDb(database.url)
  sql = new pg.Client({ connectionString: database.url, options: '-c skerry.scope=*' })
  await sql.connect()
  const host = await createHost(fleet)
  for (const id of ['acme', 'globex']) await fleet.tenant.create({ data: { id, name: id, slug: id } })
  const tenants = ['acme', 'globex', null]
  const roles = ['web', 'db', 'Ünicode_100%', 'mail']
  for (let n = 0; n < 48; n++) {
    await createVm(fleet, host, tenants[n % 3] ?? null, {
      name: `${roles[n % 4]}-prod-${String(n).padStart(3, '0')}`,
      addresses: n % 5 === 0 ? [] : [`10.0.${n % 7}.${n}`, `fd00::${n}`],
      tags: n % 8 === 0 ? ['pci', 'gold'] : n % 2 ? ['prod'] : [],
    })
  }
})
afterAll(async () => {
  await sql?.end()
  await db?.$disconnect()
  await fleet?.$disconnect()
  await database?.close()
})

/** The same by a look at every row, which the policy of `vm` alone fences. */
const plain: Record<string, string> = {
  'db-prod-0': `name ILIKE '%db-prod-0%'`,
  PROD: `name ILIKE '%prod%'`,
  ünicode: `name ILIKE '%ünicode%'`,
  ÜNICODE: `name ILIKE '%ünicode%'`,
  e_100: `name ILIKE '%e\\_100%'`,
  '100%': `name ILIKE '%100\\%%'`,
  nothing: 'false',
  '0.3.': `EXISTS (SELECT FROM unnest(addresses) AS a WHERE a LIKE '0.3.%')`,
  'name:web,mail': `name ILIKE '%web%' OR name ILIKE '%mail%'`,
  'name:b-': `name ILIKE '%b-%'`,
  'ip:10.0.3': `EXISTS (SELECT FROM unnest(addresses) AS a WHERE a LIKE '10.0.3%')`,
  '10.0.3': `name ILIKE '%10.0.3%' OR EXISTS (SELECT FROM unnest(addresses) AS a WHERE a LIKE '10.0.3%')`,
  'ip:fd00::1,10.0.1': `EXISTS (SELECT FROM unnest(addresses) AS a WHERE a LIKE 'fd00::1%' OR a LIKE '10.0.1%')`,
  'tag:pci': `'pci' = ANY (tags)`,
  'tag:gold,prod': `'gold' = ANY (tags) OR 'prod' = ANY (tags)`,
  '-tag:pci web': `NOT 'pci' = ANY (tags) AND name ILIKE '%web%'`,
  'vcpu>0 mail': `name ILIKE '%mail%'`,
  'vcpu>0 -name:web prod': `name ILIKE '%prod%' AND NOT name ILIKE '%web%'`,
  'tag:prod name:DB,mail PROD-0': `'prod' = ANY (tags) AND (name ILIKE '%db-%' OR name ILIKE '%mail%')`,
  'tag:pci web': `'pci' = ANY (tags) AND name ILIKE '%web%'`,
}

const found = (filter: string) =>
  inEveryScope(async (scope) => {
    const sort = { key: 'name', descending: false } as const
    const page = await inScope(db, scope, (tx) => listVms(tx, scope, { filter, sort, limit: 100, cursor: null }))
    return page.rows.map((row) => row.name).sort()
  })

async function inEveryScope(work: (scope: Scope) => Promise<string[]>): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const scope of scopes) found[scope === 'fleet' ? '*' : scope.tenantIds.join(',')] = await work(scope)
  return found
}

/** As `skerry.scope` says it, checked here by hand. */
async function expected(condition: string) {
  return inEveryScope(async (scope) => {
    const seen = scope === 'fleet' ? 'true' : `tenant_id = ANY ('{${scope.tenantIds.join(',')}}')`
    const { rows } = await sql.query(`SELECT name FROM vm WHERE (${seen}) AND (${condition})`)
    return rows.map(({ name }) => name).sort()
  })
}

test.each(Object.entries(plain))(
  '%s finds for everybody what a look at every row of theirs finds',
  async (filter, condition) => {
    expect(parseFilter(filter).flatMap(({ problem }) => problem ?? [])).toEqual([])
    const names = await found(filter)
    expect(names).toEqual(await expected(condition))
  },
)

test('a search follows what is changed, given to another tenant and deleted', async () => {
  const vm = await fleet.vm.findFirstOrThrow({ where: { tenantId: 'acme' } })
  const find = (scope: Scope, sought: object) =>
    inScope(db, scope, async (tx) => {
      const [found] = await tx.$queryRaw<{ ids: string[] }[]>`
        SELECT skerry_search(${JSON.stringify(sought)}::jsonb, 10)::text[] AS ids`
      return found?.ids
    })
  const acme = { tenantIds: ['acme'] }
  const globex = { tenantIds: ['globex'] }
  const data = { name: 'renamed', addresses: ['192.0.2.7'], tags: ['fresh'] }
  await inScope(db, acme, (tx) => tx.vm.update({ where: { id: vm.id }, data }))
  const ways = [{ name: ['%RENAMED%'] }, { address: ['% 192.0.2%'] }, { tag: ['fresh'] }]
  for (const sought of ways) {
    expect(await find(acme, sought)).toEqual([vm.id])
    expect(await find(globex, sought)).toEqual([])
    expect(await find('fleet', sought)).toEqual([vm.id])
  }
  expect(await find(acme, { name: [`%${vm.name}%`] })).toEqual([])
  await fleet.vm.update({ where: { id: vm.id }, data: { tenantId: 'globex' } })
  for (const sought of ways) {
    expect(await find(acme, sought)).toEqual([])
    expect(await find(globex, sought)).toEqual([vm.id])
  }
  expect(await find('fleet', { name: ['%prod%'] })).toBeNull()
  await fleet.vm.delete({ where: { id: vm.id } })
  for (const sought of ways) expect(await find('fleet', sought)).toEqual([])
})

test('what is searched in shows nothing without a search, nor a search anything of another tenant', async () => {
  const read = async (scope: string, search: string) => {
    await sql.query(`SELECT set_config('skerry.scope', $1, false), set_config('skerry.search', $2, false)`, [
      scope,
      search,
    ])
    const { rows } = await sql.query('SELECT DISTINCT tenant_id FROM vm_search')
    return rows.map(({ tenant_id }) => tenant_id)
  }
  const everything = JSON.stringify({ name: ['%'], address: ['%'], tag: ['pci', 'prod'] })
  expect(await read('*', '')).toEqual([])
  expect((await read('*', everything)).sort()).toEqual(['acme', 'globex', null])
  expect(await read('acme', everything)).toEqual(['acme'])
  for (const nobody of ['', 'nobody', '%', 'acme globex']) expect(await read(nobody, everything)).toEqual([])
  await read('acme', everything)
  const stolen = sql.query(`UPDATE vm_search SET tenant_id = 'acme' WHERE tenant_id = 'globex' OR tenant_id IS NULL`)
  expect((await stolen).rowCount).toBe(0)
  await expect(sql.query(`UPDATE vm_search SET tenant_id = 'globex'`)).rejects.toThrow(/row-level security/)
  await sql.query(`SELECT set_config('skerry.scope', '*', false), set_config('skerry.search', '', false)`)
})

test('below row-level security the index is what finds', async () => {
  await sql.query('BEGIN')
  await sql.query(`SET LOCAL enable_seqscan = off; SELECT set_config('skerry.search', '{"name": ["%web%"]}', true)`)
  const { rows } = await sql.query('EXPLAIN SELECT vm_id FROM vm_search')
  await sql.query('ROLLBACK')
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Bitmap Index Scan on vm_search_parts')
})

test.each([false, true])(
  'pages of names that fit go on in order (descending: %s), whatever else is asked',
  async (descending) => {
    const sort = { key: 'name', descending } as const
    const page = (cursor: string | null) =>
      inScope(db, 'fleet', (tx) => listVms(tx, 'fleet', { filter: 'vcpu>0 -tag:gold web', sort, limit: 3, cursor }))
    const names: string[] = []
    let cursor: string | null = null
    do {
      const { rows, nextCursor } = await page(cursor)
      names.push(...rows.map(({ name }) => name))
      cursor = nextCursor
    } while (cursor !== null)
    const direction = descending ? 'DESC' : 'ASC'
    const { rows } = await sql.query(
      `SELECT name FROM vm WHERE name LIKE '%web%' AND NOT 'gold' = ANY (tags) ORDER BY name ${direction}`,
    )
    expect(names).toEqual(rows.map(({ name }) => name))
    expect(names.length).toBeGreaterThan(3)
  },
)

test('in any order, a page of many can be read again by itself, and fits between the others', async () => {
  for (const key of vmSortKeys) {
    for (const descending of [false, true]) {
      const read = (cursor: string | null, until: string | null, limit: number) =>
        inScope(db, 'fleet', (tx) =>
          listVms(tx, 'fleet', { filter: '', sort: { key, descending }, cursor, until, limit }),
        )
      const ids = ({ rows }: VmPage) => rows.map(({ id }) => id)
      let cursor: string | null = null
      do {
        const page: VmPage = await read(cursor, null, 11)
        if (page.nextCursor) {
          const again = await read(cursor, page.nextCursor, 500)
          expect(ids(again), `by ${key}, descending: ${descending}`).toEqual(ids(page))
          expect(again.nextCursor).toBeNull()
          expect((await read(cursor, page.nextCursor, 4)).nextCursor).not.toBeNull()
        }
        cursor = page.nextCursor
      } while (cursor)
    }
  }
})
