import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { z } from 'zod'
import { openDb } from '#server/db.ts'
import { unavailable } from '#server/errors.ts'
import { log } from '#server/log.ts'
import { Repositories } from '#server/workflows/repositories.ts'
import { archiveOf, archiveSizeOf, asRefusal, type Content, contentOf, filesOf, volumesOf } from './answer.ts'
import { type OpenPoint, OpenPoints } from './open-points.ts'
import { Beginning, type Question, type QuestionName, questions, type Refusal, sizeHeader } from './question.ts'

/**
 * The process that reads files of recovery points for web, apart from it: what a disk's owner wrote there can neither stall
 * nor end the console. It ends when nobody has asked for a while, and with web.
 */
const mostDownloads = 16
/** A download that nobody takes anything of */
const stalledMs = 2 * 60_000
const endWithinMs = 3_000

process.once('message', (message) => {
  try {
    begin(Beginning.parse(message))
  } catch (error) {
    log.error({ error: String(error) }, 'the reader of files could not begin')
    process.exit(1)
  }
})

function begin({ socketPath, databaseUrl, keys, cacheFolder, idle }: z.output<typeof Beginning>) {
  const db = openDb(databaseUrl, { scope: 'fleet', poolSize: 2 })
  const repositories = new Repositories({ db, keys, cacheFolder })
  const points = new OpenPoints(idle.pointMs)
  let downloads = 0
  let busy = 0
  let quietSince = performance.now()

  const open = async ({ recoveryPointId, datastoreId, tenantId }: Question<'volumes'>) =>
    (await repositories.repository(datastoreId, tenantId)).recoveryPoint(recoveryPointId)

  const using = <Name extends QuestionName, T>(
    name: Name,
    body: unknown,
    work: (point: OpenPoint, question: Question<Name>) => Promise<T>,
  ) => {
    const question = questions[name].parse(body) as Question<Name>
    return points.use(
      question.recoveryPointId,
      () => open(question),
      (point) => work(point, question),
    )
  }

  async function send(response: ServerResponse, content: (signal: AbortSignal) => Promise<Content>): Promise<void> {
    if (downloads >= mostDownloads) {
      throw unavailable('Too many files are being downloaded at once.', { wayOut: 'Try again in a minute.' })
    }
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    downloads++
    try {
      const { sizeBytes, pieces } = await content(gone.signal)
      if (sizeBytes !== undefined) response.setHeader(sizeHeader, sizeBytes).setHeader('content-length', sizeBytes)
      response.setTimeout(stalledMs, () => response.destroy())
      response.flushHeaders()
      await pipeline(Readable.from(pieces, { objectMode: false, highWaterMark: 1024 * 1024 }), response)
    } finally {
      downloads--
    }
  }

  async function answer(name: string, body: unknown, response: ServerResponse): Promise<void> {
    const say = (value: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
    if (name === 'volumes') say(await using(name, body, (point, { disk }) => volumesOf(point, disk)))
    else if (name === 'list') say(await using(name, body, filesOf))
    else if (name === 'measure') say(await using(name, body, archiveSizeOf))
    else if (name === 'file')
      await using(name, body, (point, place) => send(response, (s) => contentOf(point, place, s)))
    else if (name === 'archive')
      await using(name, body, (point, place) => send(response, (s) => archiveOf(point, place, s)))
    else response.writeHead(404).end()
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/alive') return void response.end('yes')
    busy++
    try {
      await answer((request.url ?? '').slice(1), await json(request), response)
    } catch (thrown) {
      const error = asRefusal(thrown)
      if (error.code === 'internal' && !response.closed) {
        log.error({ error: thrown instanceof Error ? thrown.stack : String(thrown) }, 'files could not be read')
      }
      // Cut off, so that nobody takes half a file for a whole one.
      if (response.headersSent) response.destroy()
      else {
        const refusal: Refusal = {
          code: error.code === 'unauthenticated' ? 'internal' : error.code,
          message: error.message,
          ...(error.wayOut ? { wayOut: error.wayOut } : {}),
        }
        response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(refusal))
      }
    } finally {
      busy--
      quietSince = performance.now()
    }
  }

  const server = createServer((request, response) => void serve(request, response))
  server.listen(socketPath, () => process.send?.('ready'))

  setInterval(() => void sweep(), idle.lookEveryMs)
  async function sweep() {
    await points.sweep()
    const isQuiet = busy === 0 && points.size === 0 && performance.now() - quietSince >= idle.processMs
    if (isQuiet) await end()
  }

  let ending = false
  async function end() {
    if (ending) return
    ending = true
    setTimeout(() => process.exit(0), endWithinMs).unref()
    server.close()
    await points.close()
    await repositories.close()
    await db.$disconnect()
    process.exit(0)
  }
  process.once('SIGTERM', () => void end())
  // Web is gone.
  process.once('disconnect', () => void end())
}
