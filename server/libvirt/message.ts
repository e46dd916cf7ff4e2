import { LibvirtError, ProtocolError } from './error.ts'
import {
  encodeFrame,
  encodeHeader,
  type Frame,
  frameStatus,
  frameType,
  keepaliveProcedure,
  keepaliveProgram,
  remoteProgram,
} from './frame.ts'
import { errorBody } from './protocol/shape.ts'
import {
  type CallArgs,
  type CallResult,
  eventName,
  events,
  type LibvirtEvent,
  type ProcedureName,
  procedures,
  type ServedArgs,
  type ServedEventBody,
  type ServedResult,
} from './protocol.ts'
import type { AnyCodec, Codec, Encodable } from './xdr.ts'
import { XdrReader } from './xdr-bytes.ts'

/** What a served call can fail with; libvirt's own fields that we never look at may be left out. */
export type ErrorFields = Encodable<typeof errorBody>

function decode<Out>(frame: Frame, codec: Codec<Out, never>, what: string): Out {
  try {
    return codec.decode(new XdrReader(frame.payload))
  } catch (cause) {
    throw new ProtocolError(`can't read ${what}`, { cause })
  }
}

/** The frame of a call. Throws XdrError when the arguments don't fit the wire format. */
export function encodeCall<N extends ProcedureName>(name: N, args: CallArgs<N>, serial: number): Buffer {
  const { program, number, args: codec } = procedures[name]
  const { call: type } = frameType
  return encodeFrame({ program, procedure: number, type, serial, status: frameStatus.ok }, codec, args)
}

/** The arguments of a call, for a server. Throws ProtocolError. */
export function decodeCall<N extends ProcedureName>(name: N, frame: Frame): ServedArgs<N> {
  return decode(frame, procedures[name].args, `the arguments of ${name}`) as ServedArgs<N>
}

/** The frame that answers a call with success, for a server. */
export function encodeReply<N extends ProcedureName>(name: N, result: ServedResult<N>, serial: number): Buffer {
  const { program, number, result: codec } = procedures[name]
  const { reply: type } = frameType
  return encodeFrame({ program, procedure: number, type, serial, status: frameStatus.ok }, codec, result)
}

/** The result of a call that succeeded. Throws ProtocolError. */
export function decodeReply<N extends ProcedureName>(name: N, frame: Frame): CallResult<N> {
  return decode(frame, procedures[name].result, `the result of ${name}`) as CallResult<N>
}

/** The frame that answers `call`, or a packet of its stream, with an error; for a server. */
export function encodeError(call: Frame, fields: ErrorFields): Buffer {
  const type = call.type === frameType.stream ? frameType.stream : frameType.reply
  const { program, procedure, serial } = call
  return encodeFrame({ program, procedure, type, serial, status: frameStatus.error }, errorBody, fields)
}

/** The error in a reply or stream packet. Throws ProtocolError when there is none to read. */
export function decodeError(frame: Frame, procedure: string): LibvirtError {
  const { code, domain, level, message } = decode(frame, errorBody, `the error of ${procedure}`)
  return new LibvirtError({ code, domain, level, message: message ?? 'libvirt gave no message', procedure })
}

/** The frame of an event, for a server. */
export function encodeEvent<N extends keyof typeof events>(name: N, body: ServedEventBody<N>): Buffer {
  const { number: procedure, body: codec }: { number: number; body: AnyCodec } = events[name]
  const { message: type } = frameType
  return encodeFrame({ program: remoteProgram, procedure, type, serial: 0, status: frameStatus.ok }, codec, body)
}

/** The event in a message frame, or undefined when it is none that we know. Throws ProtocolError. */
export function decodeEvent(frame: Frame): LibvirtEvent | undefined {
  const name = frame.program === remoteProgram ? eventName(frame.procedure) : undefined
  if (name === undefined) return undefined
  const { body }: { body: AnyCodec } = events[name]
  return { name, body: decode(frame, body, `the event ${name}`) } as LibvirtEvent
}

/** The frame that asks whether the peer is there, or says that we are. */
export function encodeKeepalive(procedure: keyof typeof keepaliveProcedure): Buffer {
  const { message: type } = frameType
  return encodeHeader({
    program: keepaliveProgram,
    procedure: keepaliveProcedure[procedure],
    type,
    serial: 0,
    status: frameStatus.ok,
  })
}

/** The header of a stream packet that belongs to the call `name` with `serial`. */
export function encodeStreamHeader(
  name: ProcedureName,
  serial: number,
  status: keyof typeof frameStatus,
  payloadBytes = 0,
): Buffer {
  const { program, number: procedure } = procedures[name]
  return encodeHeader({ program, procedure, type: frameType.stream, serial, status: frameStatus[status] }, payloadBytes)
}
