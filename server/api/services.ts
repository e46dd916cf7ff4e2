import { join } from 'node:path'
import { type Auth, createAuth } from '#server/auth/auth.ts'
import { isSetUpCode } from '#server/auth/set-up-code.ts'
import { singleSignOn } from '#server/auth/single-sign-on.ts'
import type { Places } from '#server/core/fleet.ts'
import { SharedReading } from '#server/core/shared-reading.ts'
import { type Db, openDb } from '#server/db.ts'
import { type Env, env } from '#server/env.ts'
import { FileReader } from '#server/file-reader/client.ts'
import { Live } from '#server/live/live.ts'
import { DownloadTurns } from './download-turns.ts'

/** What requests are served with; opened once in a process. */
export interface Services {
  /** Sees no tenant's row outside `inScope` */
  db: Db
  /** Sees the whole fleet; only for finding out who asks, better-auth's own tables, and live batches of that scope */
  authDb: Db
  auth: Auth
  /** The same with the OpenID Connect provider, which must answer. @throws SkerryError */
  openSingleSignOn: () => Promise<Auth>
  /** Streams of what changes */
  live: Live
  /** Reads files of recovery points, in a process of its own */
  files: FileReader
  /** Shared by all routes that send files */
  downloads: DownloadTurns
  /** Whenever a VM comes or goes every open browser asks for them again, and reading them counts all VMs */
  places: SharedReading<Places>
  /** Where browsers reach the console */
  url: string
  /** Whether it is what the first sign-up needs */
  isSetUpCode: (given: string) => boolean
  /** Name of the OpenID Connect sign-in, where there is one */
  singleSignOn: string | null
}

export function openServices(settings: Env): Services & { close: () => Promise<void> } {
  const db = openDb(settings.DATABASE_URL, { poolSize: 20 })
  const authDb = openDb(settings.DATABASE_URL, { scope: 'fleet', poolSize: 10 })
  const live = new Live({ db, fleetDb: authDb }, settings.DATABASE_URL)
  const files = new FileReader({
    databaseUrl: settings.DATABASE_URL,
    keys: settings.SKERRY_KEY,
    cacheFolder: join(settings.SKERRY_CACHE, `file-reader-${settings.PORT}`),
    program: join(process.cwd(), 'server', 'file-reader', 'main.ts'),
  })
  return {
    db,
    live,
    files,
    downloads: new DownloadTurns(),
    places: new SharedReading(),
    authDb,
    auth: createAuth(authDb, settings),
    openSingleSignOn: singleSignOn(authDb, settings),
    url: new URL(settings.SKERRY_URL).origin,
    isSetUpCode: (given) => isSetUpCode(given, settings.BETTER_AUTH_SECRET),
    singleSignOn: settings.OIDC_ISSUER ? settings.OIDC_NAME : null,
    close: async () => {
      await live.close()
      await files.close()
      await Promise.all([db.$disconnect(), authDb.$disconnect()])
    },
  }
}

// Next bundles each route on its own: a module's variable would be one for each bundle.
declare global {
  var skerryServices: Services | undefined
}

/** This process's services, opened at the first request. */
export function services(): Services {
  globalThis.skerryServices ??= openServices(env())
  return globalThis.skerryServices
}
