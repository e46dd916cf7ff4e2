import { qemuProgram, remoteProgram } from '../frame.ts'
import {
  type Codec,
  defaulted,
  type Fields,
  int,
  list,
  nullable,
  opaque,
  type StructDecoded,
  type StructEncodable,
  struct,
  text,
  uhyper,
  uint,
} from '../xdr.ts'
import { XdrError } from '../xdr-bytes.ts'

/** Which way a procedure's stream carries bytes, seen from the client. */
export type StreamDirection = 'download' | 'upload' | 'both'

export interface Procedure<ArgsOut, ArgsIn, ResultOut, ResultIn> {
  readonly program: number
  readonly number: number
  readonly args: Codec<ArgsOut, ArgsIn>
  readonly result: Codec<ResultOut, ResultIn>
  readonly stream: StreamDirection | undefined
}

const describe =
  (program: number, stream?: StreamDirection) =>
  <const A extends Fields, const R extends Fields = Readonly<Record<never, never>>>(
    number: number,
    args: A,
    result?: R,
  ): Procedure<StructDecoded<A>, StructEncodable<A>, StructDecoded<R>, StructEncodable<R>> => ({
    program,
    number,
    args: struct(args),
    result: struct(result ?? ({} as R)),
    stream,
  })

/** One procedure of the general program: number, argument fields, result fields. */
export const procedure = describe(remoteProgram)
/** One procedure that only the QEMU driver has. */
export const qemuProcedure = describe(qemuProgram)
/** Procedures that open a stream when they succeed. */
export const downloading = describe(remoteProgram, 'download')
export const uploading = describe(remoteProgram, 'upload')
export const conversing = describe(remoteProgram, 'both')

export const uuid: Codec<string> = {
  encode: (writer, value) => {
    const bytes = Buffer.from(value.replaceAll('-', ''), 'hex')
    if (bytes.length !== 16) throw new XdrError(`'${value}' is not a UUID`)
    writer.bytes(bytes)
  },
  decode: (reader) => {
    const hex = reader.bytes(16).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  },
}

/** A bit set; nothing is set when left out. */
export const flags = defaulted(uint, 0)
/** The few older calls that take their flags in 64 bits. */
export const wideFlags = defaulted(uhyper, 0n)
/** Lists are sent only when asked for; asking is the default. */
export const needResults = defaulted(int, 1)
export const optionalText = nullable(text)

/** A domain: its UUID is what the daemon looks it up by; `id` is -1 when it is not running. */
export const domain = struct({ name: defaulted(text, ''), uuid, id: defaulted(int, -1) })
export const network = struct({ name: defaulted(text, ''), uuid })
export const storagePool = struct({ name: text, uuid })
/** `key` identifies the volume for good; for a pool of files it is the path. */
export const storageVolume = struct({ pool: text, name: text, key: text })
export const nodeDevice = struct({ name: text })
export const secret = struct({ uuid, usageType: int, usageId: text })
/** The value of a secret. */
export const opaqueSecret = opaque(65536)
export const snapshot = struct({ name: text, domain })
export const checkpoint = struct({ name: text, domain })

export const domains = list(domain, 16384)

/** libvirt's error, both as the answer to a call and inside a stream. */
export const errorBody = struct({
  code: int,
  domain: int,
  message: optionalText,
  level: defaulted(int, 2),
  onDomain: nullable(domain),
  text1: optionalText,
  text2: optionalText,
  text3: optionalText,
  number1: defaulted(int, 0),
  number2: defaulted(int, 0),
  onNetwork: nullable(network),
})

/** A stretch without data in a sparse stream. */
export const holeBody = struct({ lengthBytes: uhyper, flags })
