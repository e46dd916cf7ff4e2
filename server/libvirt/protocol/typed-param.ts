import { bool, type Codec, double, hyper, int, list, struct, text, uhyper, uint } from '../xdr.ts'
import { XdrError, type XdrReader } from '../xdr-bytes.ts'

/** What a typed parameter holds: 32-bit numbers and doubles as number, 64-bit numbers as bigint. */
export type ParamValue = number | bigint | string | boolean
export type TypedParams = Record<string, ParamValue>
/** The same where a name may come more than once. */
export type RepeatedTypedParams = Record<string, ParamValue | ParamValue[]>

/** Says the wire type where the plain value would be sent as another one. */
export type ExplicitParam =
  | { readonly int: number }
  | { readonly uint: number }
  | { readonly llong: bigint }
  | { readonly ullong: bigint }
  | { readonly double: number }
type OneParam = ParamValue | ExplicitParam
/**
 * What can be sent. A whole number goes as int (uint above 2^31), any other number as double, a bigint as ullong (llong
 * when negative), an array as the same name repeated; undefined is left out.
 */
export type TypedParamsInput = Readonly<Record<string, OneParam | readonly OneParam[] | undefined>>

type WireValue =
  | { kind: 1; value: number }
  | { kind: 2; value: number }
  | { kind: 3; value: bigint }
  | { kind: 4; value: bigint }
  | { kind: 5; value: number }
  | { kind: 6; value: boolean }
  | { kind: 7; value: string }

function toWire(value: OneParam): WireValue {
  if (typeof value === 'string') return { kind: 7, value }
  if (typeof value === 'boolean') return { kind: 6, value }
  if (typeof value === 'bigint') return { kind: value < 0n ? 3 : 4, value }
  if (typeof value === 'number') {
    if (!Number.isInteger(value)) return { kind: 5, value }
    return { kind: value > 0x7fffffff ? 2 : 1, value }
  }
  if ('int' in value) return { kind: 1, value: value.int }
  if ('uint' in value) return { kind: 2, value: value.uint }
  if ('llong' in value) return { kind: 3, value: value.llong }
  if ('ullong' in value) return { kind: 4, value: value.ullong }
  return { kind: 5, value: value.double }
}

function readValue(reader: XdrReader): ParamValue {
  const kind = reader.int()
  switch (kind) {
    case 1:
      return reader.int()
    case 2:
      return reader.uint()
    case 3:
      return reader.hyper()
    case 4:
      return reader.uhyper()
    case 5:
      return reader.double()
    case 6:
      return reader.int() !== 0
    case 7:
      return reader.text()
    default:
      throw new XdrError(`typed parameters of kind ${kind} are unknown`)
  }
}

const value: Codec<ParamValue, OneParam> = {
  encode: (writer, given) => {
    const wire = toWire(given)
    writer.int(wire.kind)
    if (wire.kind === 1) int.encode(writer, wire.value)
    else if (wire.kind === 2) uint.encode(writer, wire.value)
    else if (wire.kind === 3) hyper.encode(writer, wire.value)
    else if (wire.kind === 4) uhyper.encode(writer, wire.value)
    else if (wire.kind === 5) double.encode(writer, wire.value)
    else if (wire.kind === 6) bool.encode(writer, wire.value)
    else text.encode(writer, wire.value)
  },
  decode: readValue,
}

const entries = list(struct({ name: text, value }))

function toEntries(input: TypedParamsInput): { name: string; value: OneParam }[] {
  return Object.entries(input).flatMap(([name, given]) => {
    if (given === undefined) return []
    const values = Array.isArray(given) ? (given as readonly OneParam[]) : [given as OneParam]
    return values.map((one) => ({ name, value: one }))
  })
}

/** Typed parameters by name. */
export const typedParams: Codec<TypedParams, TypedParamsInput> = {
  encode: (writer, input) => entries.encode(writer, toEntries(input)),
  decode: (reader) => Object.fromEntries(entries.decode(reader).map((entry) => [entry.name, entry.value])),
}

/** Typed parameters by name, of which one that comes several times becomes an array. */
export const repeatedTypedParams: Codec<RepeatedTypedParams, TypedParamsInput> = {
  encode: typedParams.encode,
  decode: (reader) => {
    const byName = new Map<string, ParamValue | ParamValue[]>()
    for (const entry of entries.decode(reader)) {
      const earlier = byName.get(entry.name)
      if (earlier === undefined) byName.set(entry.name, entry.value)
      else byName.set(entry.name, Array.isArray(earlier) ? [...earlier, entry.value] : [earlier, entry.value])
    }
    return Object.fromEntries(byName)
  },
}
