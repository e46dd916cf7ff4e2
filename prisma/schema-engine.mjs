#!/usr/bin/env node
// Prisma's command line talks JSON-RPC on stdio to a native program that it downloads from its makers' site. This program
// takes its place, so that migrations need nothing but npm: it answers the same calls from the WebAssembly build.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import { canConnect, createDatabase, dropDatabase, MigrationAdapterFactory } from './schema-engine-adapter.mjs'

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    version: { type: 'boolean', short: 'V' },
    datasource: { type: 'string' },
    datamodels: { type: 'string', multiple: true },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
})
const debugging = Boolean(process.env.DEBUG)
// `prisma generate` and `prisma validate` run without a database; nothing listens on this address.
const url = JSON.parse(String(values.datasource ?? '{}')).url ?? 'postgresql://127.0.0.1:1/none'

/** @param {unknown} message */
const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

/** @param {Record<string, unknown>} fields */
const logError = (fields) =>
  process.stderr.write(`${JSON.stringify({ level: 'ERROR', fields, target: 'schema_engine::logger' })}\n`)

/** The one-shot commands, by name: `schema-engine cli NAME`. @type {Record<string, () => Promise<unknown>>} */
const commands = {
  'can-connect-to-database': () => canConnect(url),
  'create-database': () => createDatabase(url),
  'drop-database': () => dropDatabase(url),
}

/** Prisma's codes for what PostgreSQL says: no such database, wrong password; everything else is "can't reach". */
const errorCodes = new Map([
  ['3D000', 'P1003'],
  ['28P01', 'P1000'],
])

/** @param {string} name */
async function runCommand(name) {
  try {
    const command = commands[name]
    if (!command) throw new Error(`The schema engine knows no command "${name}".`)
    await command()
    return 0
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // Prisma skips the first line, where the native program prints a header.
    process.stderr.write('\n')
    logError({ is_panic: false, error_code: errorCodes.get(code) ?? 'P1001', message: messageOf(error) })
    return 1
  }
}

async function loadEngine() {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm')
  const bytes = readFileSync(entry.replace(/schema_engine\.js$/, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': { ...bindings } })
  bindings.__wbg_set_wasm(instance.exports)
  const start = instance.exports.__wbindgen_start
  if (typeof start === 'function') start()
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message: (/** @type {string} */ message) => logError({ is_panic: true, message }),
    },
  })
  const files = (values.datamodels ?? []).map(String)
  /** @type {[string, string][]} */
  const datamodels = files.map((path) => [path, readFileSync(path, 'utf8')])
  const adapter = bindMigrationAwareSqlAdapterFactory(new MigrationAdapterFactory(url))
  const log = (/** @type {string} */ line) => debugging && process.stderr.write(`${line}\n`)
  return bindings.SchemaEngine.new({ datamodels: datamodels.length ? datamodels : undefined }, log, adapter)
}

/** @type {ReturnType<typeof loadEngine> | undefined} */
let loading

/**
 * @param {string} method
 * @param {any} params as Prisma's command line sends them; the engine checks them
 * @returns {Promise<any>}
 */
async function call(method, params) {
  if (method === 'createDatabase') return { databaseName: await createDatabase(url) }
  loading ??= loadEngine()
  const engine = await loading
  if (method === 'getDatabaseVersion') return engine.version(params)
  if (method === 'evaluateDataLoss' || method === 'createMigration') {
    // The WebAssembly build reaches a shadow database only when it diagnoses; these two read what that left in its cache.
    const { migrationsList, filters } = params
    await engine.diagnoseMigrationHistory({ migrationsList, filters, optInToShadowDatabase: true })
  }
  const methods = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (engine))
  const answer = methods[method]
  if (typeof answer !== 'function') throw new Error(`The schema engine knows no method "${method}".`)
  return answer.call(engine, params)
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error))

/** @param {string} line one JSON-RPC message; answers to our own "print" requests carry no method */
async function answer(line) {
  const { id, method, params } = JSON.parse(line)
  if (!method) return
  try {
    const result = await call(method, params)
    if (method !== 'diff' || result?.stdout == null) return send({ jsonrpc: '2.0', id, result: result ?? null })
    send({ jsonrpc: '2.0', id: `print-${id}`, method: 'print', params: { content: result.stdout } })
    send({ jsonrpc: '2.0', id, result: { ...result, stdout: null } })
  } catch (error) {
    if (debugging && error instanceof Error) process.stderr.write(`${error.stack}\n`)
    const { code, meta } = Object(error)
    const data = { is_panic: false, message: messageOf(error), error_code: code, meta }
    send({ jsonrpc: '2.0', id, error: { code: 4466, message: 'The schema engine could not answer.', data } })
  }
}

if (values.version) console.log('schema-engine-cli of npm')
else if (positionals[0] === 'cli') process.exitCode = await runCommand(positionals[1] ?? '')
else {
  for await (const line of createInterface({ input: process.stdin })) await answer(line)
  process.exit(0)
}
