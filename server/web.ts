import { createServer } from 'node:http'
import next from 'next'
import { addressHeader, clientAddress } from './auth/address.ts'
import { refuseForeign } from './auth/foreign-host.ts'
import { isOwnHost } from './auth/own-address.ts'
import { pendingSetUpCode } from './auth/set-up-code.ts'
import { openDb } from './db.ts'
import { env } from './env.ts'
import { log } from './log.ts'
import { exitWithParent } from './process.ts'

/** The web process: HTTP, tRPC and its live streams. Holds no connection to any host. */
const settings = env()
const { PORT: port, HOSTNAME_BIND: hostname, NODE_ENV, SKERRY_TRUSTED_PROXIES: trustedProxies } = settings
const dev = NODE_ENV === 'development'
const stopWithinMs = 3_000

const server = createServer({ requestTimeout: 30_000, headersTimeout: 15_000 })
const app = next({ dev, hostname, port, httpServer: server })
await app.prepare()
const handle = app.getRequestHandler()
const upgrade = app.getUpgradeHandler()
server.on('request', (request, response) => {
  if (!isOwnHost(request.headers.host, settings)) return refuseForeign(request, response, settings.SKERRY_URL)
  // Over whatever the client sent: sign-in limits and the audit go by it.
  const forwarded = request.headers['x-forwarded-for']
  const forwardedFor = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
  request.headers[addressHeader] = clientAddress(request.socket.remoteAddress ?? '', forwardedFor, trustedProxies)
  void handle(request, response)
})
server.on('upgrade', (request, socket, head) => {
  if (dev && isOwnHost(request.headers.host, settings)) void upgrade(request, socket, head)
  else socket.destroy()
})
server.listen(port, hostname, () => log.info({ port, hostname }, 'web is listening'))
await tellSetUpCode().catch((error) =>
  log.warn({ error: String(error) }, 'whether Skerry has an operator is not known'),
)

/** Whoever reads this log may make the first operator. */
async function tellSetUpCode() {
  const db = openDb(settings.DATABASE_URL, { poolSize: 1 })
  try {
    const code = await pendingSetUpCode(db, settings.BETTER_AUTH_SECRET)
    if (code) log.warn({ setUpCode: code }, 'nobody has an account yet: the first sign-up needs this set-up code')
  } finally {
    await db.$disconnect()
  }
}

function stop() {
  server.close(() => process.exit(0))
  // Live streams and kept-alive connections never end by themselves.
  server.closeAllConnections()
  setTimeout(() => process.exit(0), stopWithinMs).unref()
}
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
exitWithParent(stop)
