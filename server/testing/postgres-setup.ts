import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startThrowAwayPostgres, type ThrowAwayPostgres } from './postgres-run.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresSocket: string
  }
}

/**
 * Vitest's global setup: owns the run's PostgreSQL, started when the first test file asks for it. Every file runs in a
 * process of its own, so they ask over a socket, and get the server's URL or the reason why there is none.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const path = join(tmpdir(), `skerry-test-${process.pid}-${project.name}.sock`)
  let starting: Promise<ThrowAwayPostgres> | undefined
  const server = createServer(async (connection) => {
    connection.on('error', () => connection.destroy())
    starting ??= startThrowAwayPostgres()
    const answer = await starting.then(
      ({ serverUrl }) => ({ serverUrl }),
      (error: Error) => ({ error: error.message }),
    )
    connection.end(JSON.stringify(answer))
  })
  rmSync(path, { force: true })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  project.provide('postgresSocket', path)
  return async () => {
    server.close()
    const running = await starting?.catch(() => undefined)
    await running?.stop()
  }
}
