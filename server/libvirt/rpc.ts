import { EventEmitter } from 'node:events'
import { addAbortSignal, type Duplex } from 'node:stream'
import { CallAborted, ConnectionLost, ProtocolError } from './error.ts'
import {
  type Frame,
  FrameError,
  FrameParser,
  frameStatus,
  frameType,
  keepaliveProcedure,
  keepaliveProgram,
} from './frame.ts'
import { Keepalive, type KeepaliveOptions } from './keepalive.ts'
import { decodeError, decodeEvent, decodeReply, encodeCall, encodeKeepalive } from './message.ts'
import { type CallOptions, PendingCalls } from './pending-call.ts'
import {
  type CallArgs,
  type CallResult,
  type LibvirtEvent,
  type ProcedureName,
  procedures,
  type StreamProcedureName,
} from './protocol.ts'
import { LibvirtStream, type StreamCarrier } from './stream.ts'

interface RpcEvents {
  event: [LibvirtEvent]
  /** A call was answered, even one that its caller had given up: the daemon has room for another. */
  answered: []
  /** Something came in that could not be read; the connection goes on. */
  warning: [ProtocolError]
  /** The connection ended, once, with the reason. */
  closed: [ConnectionLost]
}

/** One connection to a daemon over any byte stream: calls, their answers, events, streams and keepalive both ways. */
export class RpcConnection extends EventEmitter<RpcEvents> implements StreamCarrier {
  readonly #socket: Duplex
  readonly #parser = new FrameParser()
  readonly #calls = new PendingCalls((serial) => this.#streams.get(serial)?.discard())
  readonly #streams = new Map<number, LibvirtStream>()
  #serial = 0
  #isGathering = false
  #keepalive: Keepalive | undefined
  #lost: ConnectionLost | undefined

  constructor(socket: Duplex) {
    super()
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (cause) => this.#end(`the connection broke: ${cause.message}`, cause))
    socket.on('end', () => this.#end('the daemon closed the connection'))
    socket.on('close', () => this.#end('the connection closed'))
  }

  get isOpen(): boolean {
    return this.#lost === undefined
  }

  /** Why the connection ended, or undefined while it is open. */
  get lost(): ConnectionLost | undefined {
    return this.#lost
  }

  /** Calls that the daemon has not answered, given up or not. */
  get unansweredCount(): number {
    return this.#calls.unansweredCount
  }

  /** Calls that nobody waits for any more, but that still occupy the daemon. */
  get abandonedCount(): number {
    return this.#calls.abandonedCount
  }

  get streamCount(): number {
    return this.#streams.size
  }

  /**
   * Calls a procedure. Rejects with LibvirtError (the daemon refused), ConnectionLost, CallTimeout or CallAborted (look
   * at `sent`), ProtocolError (the answer can't be read), or XdrError (the arguments don't fit; nothing was sent).
   */
  async call<N extends ProcedureName>(name: N, args: CallArgs<N>, options: CallOptions = {}): Promise<CallResult<N>> {
    return decodeReply(name, await this.#send(name, args, options))
  }

  /**
   * Calls a procedure that opens a stream and gives the stream once the daemon agreed. The time limit is for opening;
   * the signal afterwards destroys the stream.
   */
  async openStream<N extends StreamProcedureName>(
    name: N,
    args: CallArgs<N>,
    options: CallOptions = {},
  ): Promise<{ stream: LibvirtStream; result: CallResult<N> }> {
    const { stream: direction = 'both' } = procedures[name]
    const holder: { stream?: LibvirtStream } = {}
    const frame = await this.#send(name, args, options, (serial) => {
      const opening = new LibvirtStream(this, name, serial, direction)
      opening.on('error', () => {}) // one that comes before the caller listens is kept by the stream itself
      holder.stream = opening
      return opening
    })
    const { stream } = holder
    if (stream === undefined) throw new ProtocolError(`${name} opened no stream`)
    if (options.signal) addAbortSignal(options.signal, stream)
    return { stream, result: decodeReply(name, frame) }
  }

  async #send<N extends ProcedureName>(
    name: N,
    args: CallArgs<N>,
    options: CallOptions,
    makeStream?: (serial: number) => LibvirtStream,
  ): Promise<Frame> {
    const { signal } = options
    if (this.#lost) throw new ConnectionLost(this.#lost.message, false, name, this.#lost.cause)
    if (signal?.aborted) throw new CallAborted(`${name} was given up`, false, name, signal.reason)
    this.#serial = (this.#serial + 1) >>> 0 || 1
    const serial = this.#serial
    const frame = encodeCall(name, args, serial)
    const answer = this.#calls.wait(serial, name, options)
    if (makeStream) this.#streams.set(serial, makeStream(serial))
    this.#writeSoon(frame)
    return answer
  }

  /** Pings the daemon from now on and ends the connection when it is silent for too long. */
  startKeepalive(options: KeepaliveOptions) {
    this.#keepalive?.stop()
    this.#keepalive = new Keepalive(options, {
      isPaused: () => this.#socket.isPaused(),
      ping: () => this.write(encodeKeepalive('ping')),
      giveUp: (silentMs) => this.destroy(`the daemon was silent for ${silentMs} ms`),
    })
  }

  /** Ends the connection in order. Calls not answered yet reject with ConnectionLost. */
  close() {
    this.#end('the connection was closed on our side', undefined, 'in order')
  }

  /** Ends the connection at once. */
  destroy(reason: string) {
    this.#end(reason)
  }

  #end(reason: string, cause?: unknown, how: 'in order' | 'at once' = 'at once') {
    if (this.#lost) return
    this.#lost = new ConnectionLost(reason, true, undefined, cause)
    this.#keepalive?.stop()
    for (const [serial, stream] of this.#streams) {
      if (this.#calls.isWaiting(serial)) stream.discard()
      else stream.fail(new ConnectionLost(reason, true, undefined, cause))
    }
    this.#streams.clear()
    this.#calls.rejectAll(reason, cause)
    if (how === 'in order' && !this.#socket.writableEnded) {
      const timer = setTimeout(() => this.#socket.destroy(), 1000)
      this.#socket.once('close', () => clearTimeout(timer))
      this.#socket.end(() => this.#socket.destroy())
    } else {
      this.#socket.destroy()
    }
    this.emit('closed', this.#lost)
  }

  #receive(chunk: Buffer) {
    this.#keepalive?.hear()
    try {
      this.#parser.push(chunk, (frame) => this.#dispatch(frame))
    } catch (cause) {
      if (!(cause instanceof FrameError)) throw cause
      this.#end(`the daemon sent what is no message: ${cause.message}`, cause)
    }
  }

  #dispatch(frame: Frame) {
    if (this.#lost) return
    if (frame.program === keepaliveProgram) {
      if (frame.procedure === keepaliveProcedure.ping) this.write(encodeKeepalive('pong'))
    } else if (frame.type === frameType.reply) this.#answer(frame)
    else if (frame.type === frameType.message) this.#announce(frame)
    else if (frame.type === frameType.stream) this.#feed(frame)
    else if (frame.type === frameType.streamHole) {
      this.#streams.get(frame.serial)?.destroy(new ProtocolError('sparse streams are not understood'))
    } else this.emit('warning', new ProtocolError(`a frame of the unknown type ${frame.type} came in`))
  }

  #answer(frame: Frame) {
    const call = this.#calls.take(frame.serial)
    if (call === undefined) return
    if (call !== 'late') {
      if (frame.status === frameStatus.ok) call.answer(frame)
      else {
        this.#streams.get(frame.serial)?.discard()
        call.reject(this.#errorIn(frame, call.name))
      }
    }
    this.emit('answered')
  }

  #errorIn(frame: Frame, name: string): Error {
    try {
      return decodeError(frame, name)
    } catch (error) {
      return error instanceof Error ? error : new ProtocolError(String(error))
    }
  }

  #announce(frame: Frame) {
    try {
      const event = decodeEvent(frame)
      if (event) this.emit('event', event)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.emit('warning', error)
    }
  }

  #feed(frame: Frame) {
    const stream = this.#streams.get(frame.serial)
    if (stream === undefined) return
    if (frame.status === frameStatus.continue) stream.receive(frame.payload)
    else if (frame.status === frameStatus.ok) stream.confirm()
    else stream.fail(this.#errorIn(frame, stream.procedure))
  }

  /** What is called in one go, or in answer to what came in one go, leaves in one go. */
  #writeSoon(frame: Uint8Array) {
    if (!this.#isGathering) {
      this.#isGathering = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#isGathering = false
        this.#socket.uncork()
      })
    }
    this.#socket.write(frame)
  }

  write(...buffers: Uint8Array[]): boolean {
    if (buffers.length === 1 && buffers[0]) return this.#socket.write(buffers[0])
    this.#socket.cork()
    let roomLeft = true
    for (const buffer of buffers) roomLeft = this.#socket.write(buffer)
    this.#socket.uncork()
    return roomLeft
  }

  whenDrained(then: () => void) {
    this.#socket.once('drain', then)
  }

  pauseReading() {
    this.#socket.pause()
  }

  resumeReading() {
    if (!this.#socket.isPaused()) return
    this.#keepalive?.hear()
    this.#socket.resume()
  }

  forgetStream(serial: number) {
    this.#streams.delete(serial)
  }
}
