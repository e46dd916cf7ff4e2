import { maximumBytes, XdrError, type XdrReader, type XdrWriter } from './xdr-bytes.ts'

/** More elements than any list of the protocol may hold. */
const maximumElements = 1 << 20

/** Both directions of one wire type. `In` may be laxer than `Out`: fields with a default may be left out. */
export interface Codec<Out, In = Out> {
  // Methods, so that codecs of every type can stand in one table of fields.
  encode(writer: XdrWriter, value: In): void
  decode(reader: XdrReader): Out
}

export type AnyCodec = Codec<unknown>
export type Decoded<C> = C extends { decode(reader: XdrReader): infer Out } ? Out : never
export type Encodable<C> = C extends { encode(writer: XdrWriter, value: infer In): void } ? In : never

export const int: Codec<number> = { encode: (writer, value) => writer.int(value), decode: (reader) => reader.int() }
export const uint: Codec<number> = { encode: (writer, value) => writer.uint(value), decode: (reader) => reader.uint() }
export const hyper: Codec<bigint> = {
  encode: (writer, value) => writer.hyper(value),
  decode: (reader) => reader.hyper(),
}
export const uhyper: Codec<bigint> = {
  encode: (writer, value) => writer.uhyper(value),
  decode: (reader) => reader.uhyper(),
}
export const double: Codec<number> = {
  encode: (writer, value) => writer.double(value),
  decode: (reader) => reader.double(),
}
export const text: Codec<string> = { encode: (writer, value) => writer.text(value), decode: (reader) => reader.text() }
/** An int that only says yes or no. */
export const bool: Codec<boolean> = {
  encode: (writer, value) => writer.int(value ? 1 : 0),
  decode: (reader) => reader.int() !== 0,
}

/** Bytes with their length in front; decoded bytes are a copy. */
export const opaque = (maximumLength = maximumBytes): Codec<Buffer, Uint8Array> => ({
  encode: (writer, value) => {
    if (value.length > maximumLength) throw new XdrError(`${value.length} bytes where ${maximumLength} are allowed`)
    writer.uint(value.length)
    writer.bytes(value)
  },
  decode: (reader) => {
    const length = reader.uint()
    if (length > maximumLength) throw new XdrError(`${length} bytes where ${maximumLength} are allowed`)
    return Buffer.from(reader.bytes(length))
  },
})

/** Text in a fixed array of `length` characters, each of which takes four bytes on the wire. */
export const wideText = (length: number): Codec<string> => ({
  encode: (writer, value) => {
    const bytes = Buffer.alloc(length)
    bytes.write(value, 0, length - 1)
    for (const byte of bytes) writer.int(byte)
  },
  decode: (reader) => {
    const bytes = Buffer.alloc(length)
    for (let index = 0; index < length; index++) bytes[index] = reader.int() & 0xff
    const end = bytes.indexOf(0)
    return bytes.toString('utf8', 0, end < 0 ? length : end)
  },
})

/** A value that may be absent: `null` when decoded, `null` or left out when encoded. */
export const nullable = <Out, In>(codec: Codec<Out, In>): Codec<Out | null, In | null | undefined> => ({
  encode: (writer, value) => {
    writer.uint(value === null || value === undefined ? 0 : 1)
    if (value !== null && value !== undefined) codec.encode(writer, value)
  },
  decode: (reader) => (reader.uint() === 0 ? null : codec.decode(reader)),
})

/** A field that the caller may leave out. */
export const defaulted = <Out, In>(codec: Codec<Out, In>, value: NoInfer<In>): Codec<Out, In | undefined> => ({
  encode: (writer, given) => codec.encode(writer, given === undefined ? value : given),
  decode: codec.decode,
})

/** A counted list. A count that the rest of the message can't hold is refused before anything is allocated. */
export const list = <Out, In>(codec: Codec<Out, In>, maximumLength = maximumElements): Codec<Out[], readonly In[]> => ({
  encode: (writer, values) => {
    if (values.length > maximumLength)
      throw new XdrError(`${values.length} elements where ${maximumLength} are allowed`)
    writer.uint(values.length)
    for (const value of values) codec.encode(writer, value)
  },
  decode: (reader) => {
    const length = reader.uint()
    if (length > maximumLength || length * 4 > reader.remaining) {
      throw new XdrError(`a list of ${length} elements does not fit its message`)
    }
    const values: Out[] = []
    for (let index = 0; index < length; index++) values.push(codec.decode(reader))
    return values
  },
})

export type Fields = Readonly<Record<string, AnyCodec>>
type OptionalName<F extends Fields> = {
  [K in keyof F]: undefined extends Encodable<F[K]> ? K : never
}[keyof F]
type Flatten<T> = { [K in keyof T]: T[K] }
export type StructDecoded<F extends Fields> = { [K in keyof F]: Decoded<F[K]> }
export type StructEncodable<F extends Fields> = Flatten<
  { [K in Exclude<keyof F, OptionalName<F>>]: Encodable<F[K]> } & { [K in OptionalName<F>]?: Encodable<F[K]> }
>

/** Fields one after the other, in the order in which they are written down. */
export const struct = <const F extends Fields>(fields: F): Codec<StructDecoded<F>, StructEncodable<F>> => {
  const entries = Object.entries(fields)
  return {
    encode: (writer, value) => {
      const record: Readonly<Record<string, unknown>> = value
      for (const [name, codec] of entries) codec.encode(writer, record[name])
    },
    decode: (reader) => {
      const record: Record<string, unknown> = {}
      for (const [name, codec] of entries) record[name] = codec.decode(reader)
      return record as StructDecoded<F>
    },
  }
}
