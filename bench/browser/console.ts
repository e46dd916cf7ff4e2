import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { env } from '#server/env.ts'
import { startChild } from '#server/setup/child.mjs'
import { inRoot, nodePath } from '#server/setup/place.mjs'
import { freePort } from '#server/setup/postgres.mjs'

/** A web process of the built console over a database, answering requests. */
export async function startWeb(databaseUrl: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const folder = mkdtempSync(join(tmpdir(), 'skerry-bench-'))
  const child = startChild({
    name: 'Web',
    command: [nodePath(), inRoot('server/web.ts')],
    logPath: join(folder, 'web.log'),
    env: {
      ...process.env,
      ...Object.fromEntries(Object.entries(env()).map(([name, value]) => [name, String(value)])),
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      SKERRY_URL: url,
      PORT: String(port),
    },
  })
  const stop = async () => {
    await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 600 && child.running(); attempt++) {
    const answer = await fetch(`${url}/login`).catch(() => undefined)
    if (answer?.ok) return { url, stop }
    await delay(100)
  }
  const said = child.logTail()
  await stop()
  throw new Error(`The web process does not answer:\n${said}`)
}
