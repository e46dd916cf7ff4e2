import { describe, expect, it } from 'vitest'
import {
  encodeFrame,
  encodeHeader,
  type Frame,
  FrameError,
  FrameParser,
  maximumFrameBytes,
  remoteProgram,
} from './frame.ts'
import { text } from './xdr.ts'

const header = { program: remoteProgram, procedure: 23, type: 0, serial: 7, status: 0 }
const frameBytes = (payload: string) => encodeFrame(header, text, payload)

function parse(parser: FrameParser, chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = []
  for (const chunk of chunks) parser.push(chunk, (frame) => frames.push(frame))
  return frames
}

const payloads = (frames: readonly Frame[]) =>
  frames.map((frame) => frame.payload.toString('utf8', 4).replace(/\0+$/, ''))

describe('frames', () => {
  it('has the length, itself included, in front of six fields', () => {
    expect(frameBytes('ab').toString('hex')).toBe(
      [
        '00000024', // 36 bytes
        '20008086', // program: everything but QEMU's own
        '00000001', // version
        '00000017', // procedure 23
        '00000000', // a call
        '00000007', // serial
        '00000000', // status: fine
        '00000002' + '61620000', // 'ab'
      ].join(''),
    )
    expect(encodeHeader({ ...header, status: 2 }, 256).readUInt32BE(0)).toBe(28 + 256)
  })

  it('reads back what it wrote', () => {
    const [frame] = parse(new FrameParser(), [frameBytes('ab')])
    expect(frame).toMatchObject({ ...header, version: 1 })
  })

  it('does not mind how the bytes were split', () => {
    const bytes = Buffer.concat(['one', '', 'three', 'x'.repeat(5000)].map(frameBytes))
    const expected = ['one', '', 'three', 'x'.repeat(5000)]
    for (const size of [1, 2, 3, 4, 5, 27, 28, 29, 31, 64, 1000, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      const parser = new FrameParser()
      expect(payloads(parse(parser, chunks))).toEqual(expected)
      expect(parser.heldBytes).toBe(0)
    }
  })

  it('gives nothing for a frame cut at any place', () => {
    const bytes = frameBytes('abcdef')
    for (let cut = 0; cut < bytes.length; cut++) {
      const parser = new FrameParser()
      expect(parse(parser, [bytes.subarray(0, cut)])).toEqual([])
      expect(parser.heldBytes).toBe(cut)
      expect(payloads(parse(parser, [bytes.subarray(cut)]))).toEqual(['abcdef'])
    }
  })

  it.each([0, 1, 27, maximumFrameBytes + 1, 0x7fffffff, 0xffffffff])('refuses a length of %i', (length) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(length)
    expect(() => parse(new FrameParser(), [bytes])).toThrow(FrameError)
  })

  it('delivers what came before the garbage', () => {
    const frames: Frame[] = []
    const bytes = Buffer.concat([frameBytes('good'), Buffer.from('HTTP/1.1 400 Bad Request')])
    expect(() => new FrameParser().push(bytes, (frame) => frames.push(frame))).toThrow(FrameError)
    expect(payloads(frames)).toEqual(['good'])
  })

  it('does not send a frame that is too large', () => {
    expect(() => encodeHeader(header, maximumFrameBytes)).toThrow(FrameError)
  })

  it('joins a large frame that arrives in small pieces in good time', () => {
    const bytes = encodeFrame(header, text, 'y'.repeat(4_000_000))
    const chunks = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) =>
      bytes.subarray(i * 100, i * 100 + 100),
    )
    const startedAt = performance.now()
    expect(parse(new FrameParser(), chunks)).toHaveLength(1)
    expect(performance.now() - startedAt).toBeLessThan(1000)
  })
})
