import type { Duplex } from 'node:stream'
import { type Frame, FrameParser, frameType, keepaliveProgram } from '../frame.ts'
import { decodeCall, encodeError, encodeKeepalive, encodeReply } from '../message.ts'
import { type ProcedureName, procedureName, type ServedArgs, type ServedResult } from '../protocol.ts'

type Answer<N extends ProcedureName> = (args: ServedArgs<N>, frame: Frame) => ServedResult<N> | 'nothing' | 'refuse'
export type Script = { [N in ProcedureName]?: Answer<N> }

/** What every daemon answers while a client connects. */
export const greeting: Script = {
  authList: () => ({ types: [0] }),
  connectSupportsFeature: () => ({ supported: true }),
  connectOpen: () => ({}),
}

/** Serves a script over one end of a connection; keeps every frame that came in. */
export class ScriptedDaemon {
  readonly received: Frame[] = []
  readonly socket: Duplex
  answersPings = true
  readonly #script: Script

  constructor(socket: Duplex, script: Script) {
    this.socket = socket
    this.#script = script
    const parser = new FrameParser()
    socket.on('data', (chunk: Buffer) => parser.push(chunk, (frame) => this.#serve(frame)))
    socket.on('error', () => {})
  }

  /** The names of the calls that came in, in their order. */
  get calls(): (ProcedureName | undefined)[] {
    return this.received
      .filter((frame) => frame.type === frameType.call && frame.program !== keepaliveProgram)
      .map((frame) => procedureName(frame.program, frame.procedure))
  }

  #serve(frame: Frame) {
    this.received.push(frame)
    if (frame.program === keepaliveProgram) {
      if (this.answersPings && frame.procedure === 1) this.socket.write(encodeKeepalive('pong'))
      return
    }
    const name = frame.type === frameType.call ? procedureName(frame.program, frame.procedure) : undefined
    if (name) this.#answer(name, frame)
  }

  #answer<N extends ProcedureName>(name: N, frame: Frame) {
    const answer = this.#script[name] as Answer<N> | undefined
    const result = answer ? answer(decodeCall(name, frame), frame) : 'refuse'
    if (result === 'nothing') return
    const bytes =
      result === 'refuse'
        ? encodeError(frame, { code: 39, domain: 7, message: `unknown procedure: ${frame.procedure}` })
        : encodeReply(name, result, frame.serial)
    this.socket.write(bytes)
  }
}
