import { describe, expect, it } from 'vitest'
import { uuid } from './protocol/shape.ts'
import {
  bool,
  type Codec,
  defaulted,
  double,
  hyper,
  int,
  list,
  nullable,
  opaque,
  struct,
  text,
  uhyper,
  uint,
  wideText,
} from './xdr.ts'
import { XdrError, XdrReader, XdrWriter } from './xdr-bytes.ts'

function hexOf<In>(codec: Codec<unknown, In>, value: In): string {
  const writer = new XdrWriter(4)
  codec.encode(writer, value)
  return writer.finish().toString('hex')
}

const decodeHex = <Out>(codec: Codec<Out, never>, hex: string) => codec.decode(new XdrReader(Buffer.from(hex, 'hex')))

describe('wire form', () => {
  it.each([
    ['int', int, -2, 'fffffffe'],
    ['uint', uint, 0xfffffffe, 'fffffffe'],
    ['hyper', hyper, -2n, 'fffffffffffffffe'],
    ['uhyper', uhyper, 2n ** 64n - 1n, 'ffffffffffffffff'],
    ['double', double, 1.5, '3ff8000000000000'],
    ['true', bool, true, '00000001'],
    ['text, padded to four', text, 'abcde', '00000005' + '6162636465' + '000000'],
    ['text in UTF-8', text, 'ø', '00000002' + 'c3b8' + '0000'],
    ['no text', text, '', '00000000'],
    ['a value that is there', nullable(int), 7, '00000001' + '00000007'],
    ['a value that is not', nullable(int), null, '00000000'],
    ['a list', list(int), [1, 2], '00000002' + '00000001' + '00000002'],
    ['a UUID', uuid, '01234567-89ab-cdef-0123-456789abcdef', '0123456789abcdef0123456789abcdef'],
  ] as [string, Codec<unknown, unknown>, unknown, string][])('writes and reads %s', (_name, codec, value, hex) => {
    expect(hexOf(codec, value)).toBe(hex)
    expect(decodeHex(codec, hex)).toEqual(value)
  })

  it('writes each character of fixed text as four bytes', () => {
    const hex = `00000078000000790000000000000000`
    expect(hexOf(wideText(4), 'xy')).toBe(hex)
    expect(decodeHex(wideText(4), hex)).toBe('xy')
  })

  it('fills in what has a default', () => {
    const codec = struct({ a: defaulted(int, 5), b: nullable(text) })
    expect(hexOf(codec, {})).toBe('00000005' + '00000000')
    expect(decodeHex(codec, '0000000500000000')).toEqual({ a: 5, b: null })
  })

  it('copies opaque bytes out of the message', () => {
    const message = Buffer.from('0000000201020000', 'hex')
    const bytes = opaque().decode(new XdrReader(message))
    message.fill(0)
    expect([...bytes]).toEqual([1, 2])
  })
})

describe('bytes that are not to be believed', () => {
  it.each([
    ['a number cut short', int, '000000'],
    ['text longer than the message', text, '00000008' + '61626364'],
    ['text whose padding is missing', text, '00000001' + '61'],
    ['text longer than any', text, 'ffffffff'],
    ['a list longer than the message', list(int), '00000003' + '0000000100000002'],
    ['a list longer than any', list(int), 'ffffffff'],
    ['more bytes than this field may have', opaque(2), '00000003' + '01020300'],
  ] as [string, Codec<unknown, never>, string][])('refuses %s', (_name, codec, hex) => {
    expect(() => decodeHex(codec, hex)).toThrow(XdrError)
  })

  it('does not send what no daemon would take', () => {
    expect(() => hexOf(uuid, 'not-a-uuid')).toThrow(XdrError)
    expect(() => hexOf(list(int, 1), [1, 2])).toThrow(XdrError)
    expect(() => hexOf(text, 'x'.repeat(5 * 1024 * 1024))).toThrow(XdrError)
  })
})
