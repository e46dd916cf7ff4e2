import type { Socket } from 'node:net'
import { ProtocolError } from '#server/libvirt/error.ts'
import {
  type Frame,
  FrameError,
  FrameParser,
  frameStatus,
  frameType,
  keepaliveProcedure,
  keepaliveProgram,
} from '#server/libvirt/frame.ts'
import { decodeCall, encodeError, encodeKeepalive, encodeReply } from '#server/libvirt/message.ts'
import { type EventName, type ProcedureName, procedureName, type ServedResult } from '#server/libvirt/protocol.ts'
import { XdrError } from '#server/libvirt/xdr-bytes.ts'
import { handlers } from './handler/all.ts'
import type { Caller, Handler, StreamPlan } from './handler/handler.ts'
import { type OlderProcedure, olderProcedure } from './handler/older.ts'
import type { EventContent, Host } from './model/host.ts'
import { forceOff } from './model/power.ts'
import { notSupported, Refusal } from './refusal.ts'
import { ServedStream } from './served-stream.ts'
import { Subscriptions } from './subscription.ts'
import type { Wire } from './wire.ts'

/** As many calls a daemon takes of one connection before it stops reading it, pings included. */
const callsAtOnce = 5
const pingMs = 5000
const pingsUnanswered = 5

/** The procedures that are answered before a hypervisor was opened. */
const beforeOpen: readonly ProcedureName[] = ['authList', 'connectOpen', 'connectSupportsFeature', 'connectClose']

/** One client's connection to a simulated host. */
export class Client {
  readonly #host: Host
  readonly #socket: Socket
  readonly #wire: Wire
  readonly #parser = new FrameParser()
  readonly #waiting: Frame[] = []
  readonly #streams = new Map<number, ServedStream>()
  readonly #subscriptions = new Subscriptions()
  readonly #boundVms = new Set<string>()
  #running = 0
  #isOpened = false
  #pings: NodeJS.Timeout | undefined
  #unanswered = 0

  constructor(host: Host, socket: Socket, wire: Wire) {
    this.#host = host
    this.#socket = socket
    this.#wire = wire
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => this.#end())
  }

  tell<N extends EventName>(name: N, content: EventContent<N>, uuid: string | undefined) {
    for (const frame of this.#subscriptions.frames(name, content, uuid)) this.#wire.send(frame)
  }

  #receive(chunk: Buffer) {
    this.#unanswered = 0
    try {
      this.#parser.push(chunk, (frame) => this.#waiting.push(frame))
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#socket.destroy()
      return
    }
    this.#advance()
  }

  #advance() {
    while (this.#running < callsAtOnce) {
      const frame = this.#waiting.shift()
      if (!frame) break
      this.#serve(frame)
    }
    if (this.#waiting.length > 0) this.#socket.pause()
    else this.#wire.resume()
  }

  #serve(frame: Frame) {
    if (frame.program === keepaliveProgram) {
      if (frame.procedure === keepaliveProcedure.ping) this.#wire.send(encodeKeepalive('pong'))
    } else if (frame.type === frameType.stream) this.#streams.get(frame.serial)?.receive(frame)
    else if (frame.type === frameType.call) this.#call(frame)
    else this.#socket.destroy()
  }

  #call(frame: Frame) {
    this.#running++
    void this.#answer(frame)
      .catch((error: unknown) => this.#wire.send(encodeError(frame, fieldsOf(error))))
      .finally(() => {
        this.#running--
        this.#advance()
      })
  }

  async #answer(frame: Frame): Promise<void> {
    const name = procedureName(frame.program, frame.procedure)
    const older = olderProcedure(frame.program, frame.procedure)
    if (!name && !older) throw new Refusal('rpc', `unknown procedure: ${frame.procedure}`, 'rpc')
    if (!this.#isOpened && !(name && beforeOpen.includes(name))) {
      throw new Refusal('internalError', 'internal error: connection not open', 'rpc')
    }
    if (name) await this.#answerNamed(name, frame)
    else if (older) this.#answerOlder(older, frame)
  }

  async #answerNamed<N extends ProcedureName>(name: N, frame: Frame): Promise<void> {
    const handler = handlers[name] as Handler<N> | undefined
    if (!handler) throw notSupported(name)
    const after: (() => void)[] = []
    const caller = this.#caller(name, frame, (then) => after.push(then))
    const result: ServedResult<N> = await handler(decodeCall(name, frame), caller)
    if (name === 'connectOpen') this.#isOpened = true
    this.#wire.send(encodeReply(name, result, frame.serial))
    for (const then of after) then()
  }

  #answerOlder(older: OlderProcedure, frame: Frame) {
    const answer = older.answer(
      frame,
      this.#caller('connectOpen', frame, () => {}),
    )
    const { program, procedure, serial } = frame
    this.#wire.send(answer.write({ program, procedure, type: frameType.reply, serial, status: frameStatus.ok }))
  }

  #caller(name: ProcedureName, frame: Frame, afterAnswer: (then: () => void) => void): Caller {
    return {
      host: this.#host,
      openStream: (plan) => afterAnswer(this.#openStream(name, frame, plan)),
      subscribe: (source, subscription) => this.#subscriptions.add(source, subscription),
      subscribeClose: () => this.#subscriptions.add('connection', { eventId: 0, uuid: undefined }),
      unsubscribe: (callbackId) => this.#subscriptions.remove(callbackId),
      startKeepalive: () => this.#startPings(),
      bindVm: (uuid) => this.#boundVms.add(uuid),
      close: () => afterAnswer(() => this.#socket.end()),
    }
  }

  #openStream(name: ProcedureName, frame: Frame, plan: StreamPlan): () => void {
    const stream = new ServedStream(name, frame, plan, {
      send: (...buffers) => this.#wire.send(...buffers),
      whenDrained: (then) => this.#wire.whenDrained(then),
      onEnd: () => this.#streams.delete(frame.serial),
    })
    this.#streams.set(frame.serial, stream)
    return () => stream.start()
  }

  #startPings() {
    if (this.#pings) return
    this.#pings = setInterval(() => {
      if (this.#waiting.length > 0 || this.#wire.isFrozen) return
      if (this.#unanswered++ >= pingsUnanswered) this.#socket.destroy()
      else this.#wire.send(encodeKeepalive('ping'))
    }, pingMs)
    this.#pings.unref()
  }

  #end() {
    clearInterval(this.#pings)
    for (const stream of this.#streams.values()) stream.cut()
    for (const uuid of this.#boundVms) {
      const vm = this.#host.vms.get(uuid)
      if (vm?.isActive) forceOff(this.#host, vm)
    }
  }
}

function fieldsOf(error: unknown): { code: number; domain: number; message: string } {
  if (error instanceof Refusal) return { code: error.code, domain: error.domain, message: error.message }
  const { code, domain } =
    error instanceof ProtocolError || error instanceof XdrError
      ? new Refusal('rpc', '', 'rpc')
      : new Refusal('internalError', '')
  return { code, domain, message: error instanceof Error ? error.message : String(error) }
}
