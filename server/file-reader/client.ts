import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { z } from 'zod'
import { SkerryError, unavailable } from '#server/errors.ts'
import { log } from '#server/log.ts'
import { type Beginning, type Question, type QuestionName, Refusal, sizeHeader } from './question.ts'

const startMs = 20_000
const heapMib = 512

export interface FileReaderOptions extends Pick<Beginning, 'databaseUrl' | 'keys' | 'cacheFolder' | 'idle'> {
  /** The program that reads; it is not bundled with what asks it */
  program: string
  /** It is asked whether it lives while somebody waits for it, and ended when it says nothing */
  watch?: { everyMs: number; silentMs: number }
}

interface Running {
  child: ChildProcess
  socketPath: string
}

/** Web's side of the process that reads files of recovery points: starts it when needed, ends it when it no longer answers. */
export class FileReader {
  readonly #options: FileReaderOptions
  #starting: Promise<Running> | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(options: FileReaderOptions) {
    this.#options = options
  }

  /** @throws SkerryError */
  async ask<Name extends 'volumes' | 'list' | 'measure', T>(
    name: Name,
    question: Question<Name>,
    answer: z.ZodType<T>,
  ): Promise<T> {
    this.#waiting++
    try {
      return answer.parse(await json(await this.#send(name, question)))
    } finally {
      this.#waiting--
    }
  }

  /** The bytes of a file or an archive; destroy them when nobody wants them any more. @throws SkerryError */
  async open(
    name: 'file' | 'archive',
    question: Question<'file'>,
  ): Promise<{ content: IncomingMessage; sizeBytes: number | undefined }> {
    const content = await this.#send(name, question)
    this.#waiting++
    content.once('close', () => this.#waiting--)
    const size = content.headers[sizeHeader]
    return { content, sizeBytes: size === undefined ? undefined : Number(size) }
  }

  async close(): Promise<void> {
    const running = await this.#starting?.catch(() => undefined)
    running?.child.kill('SIGTERM')
    await this.#ended
  }

  async #send(name: QuestionName, question: unknown): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt++) {
      const { child, socketPath } = await this.#run()
      try {
        const response = await post(socketPath, `/${name}`, JSON.stringify(question))
        if (response.statusCode === 200) return response
        const refusal = Refusal.parse(await json(response))
        throw new SkerryError(refusal.code, refusal.message, refusal.wayOut ? { wayOut: refusal.wayOut } : {})
      } catch (error) {
        if (error instanceof SkerryError) throw error
        // It may just have ended because nobody had asked for a while.
        const wasEnding = child.exitCode === 0 || isRefusedConnection(error)
        if (attempt === 1 && wasEnding) {
          await this.#ended
          continue
        }
        throw unavailable('The files could not be read: the process that reads them ended.', {
          wayOut: 'Try again; if it goes on, restore the recovery point as a new VM, and take the files from there.',
          cause: error,
        })
      }
    }
  }

  #run(): Promise<Running> {
    if (this.#starting) return this.#starting
    const starting = this.#ended.then(() => this.#start())
    this.#starting = starting
    starting.catch(() => {
      if (this.#starting === starting) this.#starting = undefined
    })
    return starting
  }

  async #start(): Promise<Running> {
    const folder = await mkdtemp(join(tmpdir(), 'skerry-files-'))
    const socketPath = join(folder, 'socket')
    const { program, watch = { everyMs: 5_000, silentMs: 20_000 }, ...settings } = this.#options
    const child = spawn(process.execPath, [`--max-old-space-size=${heapMib}`, program], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const exit = once(child, 'exit').catch(() => undefined)
    this.#ended = exit.then(async () => {
      this.#starting = undefined
      await rm(folder, { recursive: true, force: true })
    })
    child.send({ ...settings, socketPath } satisfies Beginning)
    const timer = setTimeout(() => child.kill('SIGKILL'), startMs)
    const isReady = await Promise.race([once(child, 'message').then(() => true), exit.then(() => false)])
    clearTimeout(timer)
    if (!isReady) throw unavailable('The process that reads files did not start.', { wayOut: 'Try again.' })
    // Not before it listens: who takes long to start is not taken for one that hangs.
    const watching = setInterval(() => void this.#watch(child, socketPath, watch.silentMs), watch.everyMs)
    watching.unref()
    void exit.then(() => clearInterval(watching))
    child.channel?.unref()
    child.unref()
    return { child, socketPath }
  }

  async #watch(child: ChildProcess, socketPath: string, silentMs: number): Promise<void> {
    if (this.#waiting === 0) return
    const response = await post(socketPath, '/alive', '', silentMs).catch(() => undefined)
    if (response) response.resume()
    else if (child.exitCode === null && child.signalCode === null) {
      log.warn({ pid: child.pid }, 'the process that reads files no longer answers: it is ended')
      child.kill('SIGKILL')
    }
  }
}

const isRefusedConnection = (error: unknown) =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')

function post(socketPath: string, path: string, body: string, timeoutMs?: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = request({
      socketPath,
      path,
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json' },
    })
    if (timeoutMs) asking.setTimeout(timeoutMs, () => asking.destroy(new Error('no answer in time')))
    asking.once('response', resolve).once('error', reject).end(body)
  })
}
