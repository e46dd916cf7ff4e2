import { randomUUID } from 'node:crypto'
import { ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils'
import pg from 'pg'

/** @typedef {import('@prisma/driver-adapter-utils').SqlQuery} SqlQuery */
/** @typedef {import('@prisma/driver-adapter-utils').SqlResultSet} SqlResultSet */

const textArrayOid = 1009

/**
 * What the schema engine is told about a column of a catalogue query, by PostgreSQL's type id, and how its text is read.
 * Types not listed go over as text.
 * @type {Record<number, { type: import('@prisma/driver-adapter-utils').ColumnType, parseAs?: number }>}
 */
const columnTypes = {
  16: { type: ColumnTypeEnum.Boolean },
  18: { type: ColumnTypeEnum.Character },
  20: { type: ColumnTypeEnum.Int64 },
  21: { type: ColumnTypeEnum.Int32 },
  23: { type: ColumnTypeEnum.Int32 },
  26: { type: ColumnTypeEnum.Int64 },
  700: { type: ColumnTypeEnum.Float },
  701: { type: ColumnTypeEnum.Double },
  1002: { type: ColumnTypeEnum.CharacterArray, parseAs: textArrayOid },
  1003: { type: ColumnTypeEnum.TextArray, parseAs: textArrayOid },
  1005: { type: ColumnTypeEnum.Int32Array },
  1007: { type: ColumnTypeEnum.Int32Array },
  1009: { type: ColumnTypeEnum.TextArray },
  1015: { type: ColumnTypeEnum.TextArray, parseAs: textArrayOid },
  1016: { type: ColumnTypeEnum.Int64Array },
  1028: { type: ColumnTypeEnum.Int64Array, parseAs: 1016 },
  1184: { type: ColumnTypeEnum.DateTime },
  1700: { type: ColumnTypeEnum.Numeric },
}

/** @param {string} text as PostgreSQL writes a timestamptz in the time zone UTC */
const parseTimestamp = (text) => text.replace(' ', 'T').replace(/\+00$/, '+00:00')

/** @type {import('pg').CustomTypesConfig} */
const types = {
  getTypeParser: (/** @type {number} */ oid) => {
    const known = columnTypes[oid]
    if (known?.type === ColumnTypeEnum.DateTime) return parseTimestamp
    return known ? pg.types.getTypeParser(known.parseAs ?? oid, 'text') : String
  },
}

/** @param {unknown} error from pg or the network @returns {never} */
function rethrow(error) {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error
  const { code, message } = error
  /** @param {string} key */
  const detail = (key) => {
    const value = Object.entries(error).find(([name]) => name === key)?.[1]
    return typeof value === 'string' ? value : undefined
  }
  const quoted = /"([^"]+)"/.exec(message)?.[1]
  const original = { originalCode: code, originalMessage: message }
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
      throw new DriverAdapterError({ kind: 'DatabaseNotReachable', ...original })
    case '3D000':
      throw new DriverAdapterError({ kind: 'DatabaseDoesNotExist', db: quoted, ...original })
    case '28P01':
      throw new DriverAdapterError({ kind: 'AuthenticationFailed', user: quoted, ...original })
    case '42P01':
      throw new DriverAdapterError({ kind: 'TableDoesNotExist', table: quoted, ...original })
    default:
      throw new DriverAdapterError({
        kind: 'postgres',
        code,
        severity: detail('severity') ?? 'ERROR',
        message,
        detail: detail('detail'),
        column: detail('column'),
        hint: detail('hint'),
        ...original,
      })
  }
}

/** One connection, or a transaction on it, in the words of Prisma's driver adapters. */
class Queryable {
  /** @type {'postgres'} */
  provider = 'postgres'
  adapterName = 'skerry-schema-engine'

  /** @param {pg.Client} client */
  constructor(client) {
    this.client = client
  }

  /** @param {SqlQuery} query @returns {Promise<SqlResultSet>} */
  async queryRaw({ sql, args }) {
    const { fields, rows } = await this.#send({ text: sql, values: args, rowMode: 'array', types })
    return {
      columnNames: fields.map((field) => field.name),
      columnTypes: fields.map((field) => columnTypes[field.dataTypeID]?.type ?? ColumnTypeEnum.Text),
      rows,
    }
  }

  /** @param {SqlQuery} query */
  async executeRaw({ sql, args }) {
    return (await this.#send({ text: sql, values: args, rowMode: 'array' })).rowCount ?? 0
  }

  /** @param {pg.QueryArrayConfig<unknown[]>} query */
  async #send(query) {
    try {
      return await this.client.query(query)
    } catch (error) {
      return rethrow(error)
    }
  }
}

/** Without phantom queries the engine sends COMMIT and ROLLBACK itself, as statements. */
class Transaction extends Queryable {
  options = { usePhantomQuery: false }

  async commit() {}

  async rollback() {}
}

class Connection extends Queryable {
  /**
   * @param {pg.Client} client
   * @param {string | undefined} schema
   * @param {() => Promise<void>} afterwards
   */
  constructor(client, schema, afterwards) {
    super(client)
    this.schema = schema
    this.afterwards = afterwards
  }

  /** Sends a script whole, so that semicolons in function bodies and literals stay what they are. @param {string} script */
  async executeScript(script) {
    await this.client.query(script).catch(rethrow)
  }

  async startTransaction() {
    await this.client.query('BEGIN')
    return new Transaction(this.client)
  }

  getConnectionInfo() {
    return { schemaName: this.schema, supportsRelationJoins: true }
  }

  async dispose() {
    await this.client.end()
    await this.afterwards()
  }
}

/** @param {string} url @param {string} [database] */
async function open(url, database) {
  const address = new URL(url)
  if (database) address.pathname = `/${encodeURIComponent(database)}`
  address.searchParams.delete('schema')
  const client = new pg.Client({ connectionString: address.href, options: '-c TimeZone=UTC' })
  try {
    await client.connect()
  } catch (error) {
    rethrow(error)
  }
  return client
}

/**
 * Opens connections for the schema engine: to the database of `url`, and to a shadow database of the same server that
 * lives as long as its connection.
 */
export class MigrationAdapterFactory {
  /** @type {'postgres'} */
  provider = 'postgres'
  adapterName = 'skerry-schema-engine'

  /** @param {string} url */
  constructor(url) {
    this.url = url
    this.schema = new URL(url).searchParams.get('schema') ?? undefined
  }

  async connect() {
    return new Connection(await open(this.url), this.schema, async () => {})
  }

  async connectToShadowDb() {
    const name = `prisma_migrate_shadow_db_${randomUUID()}`
    const server = await open(this.url, 'postgres')
    await server.query(`CREATE DATABASE "${name}"`).catch(rethrow)
    return new Connection(await open(this.url, name), this.schema, async () => {
      await server.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
      await server.end()
    })
  }
}

/** Makes the database of `url` when it isn't there. @param {string} url @returns {Promise<string>} its name */
export async function createDatabase(url) {
  const { name, client } = await maintenance(url)
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } catch (error) {
    const duplicateDatabase = '42P04'
    if (!(error instanceof Error && 'code' in error && error.code === duplicateDatabase)) throw error
  } finally {
    await client.end()
  }
  return name
}

/** @param {string} url */
export async function dropDatabase(url) {
  const { name, client } = await maintenance(url)
  await client.query(`DROP DATABASE ${client.escapeIdentifier(name)}`).finally(() => client.end())
}

/** @param {string} url */
export async function canConnect(url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.end()
}

/** @param {string} url */
async function maintenance(url) {
  const name = decodeURIComponent(new URL(url).pathname.slice(1))
  const client = await open(url, 'postgres')
  return { name, client }
}
