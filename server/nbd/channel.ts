import type { Duplex } from 'node:stream'
import type { ByteReader } from './byte-reader.ts'
import type { CallLimit } from './call-limit.ts'
import { NbdError } from './error.ts'
import { newRequest, ReplyReader, type Request } from './reply.ts'
import { RequestWindow, type WindowSize } from './window.ts'
import { command, requestBytes, requestMagic } from './wire.ts'

const closeMs = 5000

export interface Call {
  command: number
  flags?: number
  offset?: number
  length?: number
  payload?: Uint8Array
  /** Where the data of a read go */
  target?: Buffer
  /** What a block status asks about */
  contextId?: number
}

type Waiting = Request & { weightBytes: number; settle: () => void; fail: (error: NbdError) => void }

function encodeRequest({ command: type, flags = 0, offset = 0, length = 0 }: Call, cookie: number): Buffer {
  const header = Buffer.alloc(requestBytes)
  header.writeUInt32BE(requestMagic, 0)
  header.writeUInt16BE(flags, 4)
  header.writeUInt16BE(type, 6)
  header.writeUInt32BE(cookie, 12)
  header.writeBigUInt64BE(BigInt(offset), 16)
  header.writeUInt32BE(length, 24)
  return header
}

/** The requests of one connection and their answers, in whatever order these come. */
export class RequestChannel {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>
  readonly #socket: Duplex
  readonly #window: RequestWindow
  readonly #requests = new Map<number, Waiting>()
  #cookie = 0
  #isGathering = false
  #closing = false
  #lost: NbdError | undefined
  #tellClosed = () => {}
  #tellIdle: (() => void) | undefined

  constructor(socket: Duplex, reader: ByteReader, structured: boolean, window: WindowSize) {
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve
    })
    this.#socket = socket
    this.#window = new RequestWindow(window)
    socket.on('error', () => {}) // the reader tells it
    void this.#receive(new ReplyReader(reader, this.#requests, structured))
  }

  /** Why the connection ended, or undefined while it is open. */
  get lost(): NbdError | undefined {
    return this.#lost
  }

  get unansweredCount(): number {
    return this.#requests.size
  }

  /** Sends a request once the window has room, and resolves with what its answer filled. */
  async perform(call: Call, limit: CallLimit): Promise<Request> {
    const weightBytes = call.payload?.length ?? call.target?.length ?? 0
    await this.#window.enter(weightBytes, limit)
    const failure = this.#lost?.for(limit.doing) ?? limit.error
    if (failure) {
      this.#window.leave(weightBytes)
      throw failure
    }
    const cookie = this.#nextCookie()
    return new Promise((resolve, reject) => {
      const stopListening = limit.onGiveUp((error) => {
        request.target = undefined
        reject(error)
      })
      const { offset = 0, length = 0, target, contextId } = call
      const asked = newRequest({ doing: limit.doing, command: call.command, offset, length, target, contextId })
      const request: Waiting = Object.assign(asked, {
        weightBytes,
        settle: () => {
          stopListening()
          if (request.failure) reject(request.failure)
          else resolve(request)
        },
        fail: (error: NbdError) => {
          stopListening()
          reject(error.for(limit.doing))
        },
      })
      this.#requests.set(cookie, request)
      this.#gather()
      this.#socket.write(encodeRequest(call, cookie))
      if (call.payload) this.#socket.write(call.payload)
    })
  }

  /** What is asked in one go leaves in one go: each write wakes the server. */
  #gather() {
    if (this.#isGathering) return
    this.#isGathering = true
    this.#socket.cork()
    process.nextTick(() => {
      this.#isGathering = false
      this.#socket.uncork()
    })
  }

  /** Waits for what is in flight, a while, and says goodbye. */
  async close(): Promise<void> {
    if (this.#lost || this.#closing) return this.closed
    this.#closing = true
    this.#window.close(new NbdError('closed', 'ask the server', 'the connection was closed on our side'))
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs)
    })
    const idle = new Promise<void>((resolve) => {
      this.#tellIdle = resolve
      if (this.#requests.size === 0) resolve()
    })
    await Promise.race([idle, tooLong, this.closed])
    clearTimeout(timer)
    if (this.#lost) return
    this.#socket.end(encodeRequest({ command: command.disconnect }, 0))
    this.end(new NbdError('closed', 'ask the server', 'the connection was closed on our side'), 'in order')
  }

  /** Ends the connection: whoever waits is told `error`, which is returned unless it had ended before. */
  end(error: NbdError, how: 'in order' | 'at once' = 'at once'): NbdError {
    if (this.#lost) return this.#lost
    this.#lost = error
    const requests = [...this.#requests.values()]
    this.#requests.clear()
    for (const request of requests) request.fail(error)
    this.#window.close(error)
    if (how === 'in order') {
      const timer = setTimeout(() => this.#socket.destroy(), 1000)
      this.#socket.once('close', () => clearTimeout(timer))
    } else this.#socket.destroy()
    this.#tellClosed()
    return error
  }

  #nextCookie(): number {
    do this.#cookie = (this.#cookie + 1) >>> 0
    while (this.#requests.has(this.#cookie))
    return this.#cookie
  }

  async #receive(replies: ReplyReader): Promise<void> {
    try {
      for (;;) {
        const cookie = await replies.next()
        const request = this.#requests.get(cookie)
        if (!request) continue
        this.#requests.delete(cookie)
        this.#window.leave(request.weightBytes)
        request.settle()
        if (this.#requests.size === 0) this.#tellIdle?.()
      }
    } catch (error) {
      this.end(error instanceof NbdError ? error : new NbdError('closed', 'read', String(error), error))
    }
  }
}
