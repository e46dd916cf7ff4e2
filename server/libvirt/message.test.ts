import { describe, expect, it } from 'vitest'
import { ProtocolError } from './error.ts'
import { type Frame, FrameParser } from './frame.ts'
import {
  decodeCall,
  decodeError,
  decodeEvent,
  decodeReply,
  encodeCall,
  encodeError,
  encodeEvent,
  encodeKeepalive,
  encodeReply,
  encodeStreamHeader,
} from './message.ts'
import { type EventName, eventName, events, type ProcedureName, procedureName, procedures } from './protocol.ts'
import { XdrReader } from './xdr-bytes.ts'

const uuid = '6695eb01-f6a4-8304-79aa-97f2502e193f'
const uuidHex = '6695eb01f6a4830479aa97f2502e193f'
const domain = { name: 'web', uuid, id: 3 }
const domainHex = ['00000003', '77656200', uuidHex, '00000003'] // name, UUID, id

function onlyFrame(bytes: Buffer): Frame {
  const frames: Frame[] = []
  new FrameParser().push(bytes, (frame) => frames.push(frame))
  expect(frames).toHaveLength(1)
  return frames[0] as Frame
}

/** A frame written out by hand; the length is put in front. */
function frameOf(fields: readonly string[]): Buffer {
  const body = Buffer.from(fields.join(''), 'hex')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  return Buffer.concat([length, body])
}

const remote = ['20008086', '00000001'] // program and version
const qemu = ['20008087', '00000001']
const call = '00000000'
const reply = '00000001'
const message = '00000002'
const stream = '00000003'
const ok = '00000000'
const error = '00000001'
const serial9 = '00000009'

describe('calls', () => {
  it('asks for a domain by its UUID', () => {
    const bytes = frameOf([...remote, '00000018', call, serial9, ok, uuidHex])
    expect(encodeCall('domainLookupByUuid', { uuid }, 9)).toEqual(bytes)
    expect(decodeCall('domainLookupByUuid', onlyFrame(bytes))).toEqual({ uuid })
  })

  it('names a domain by its UUID alone when nothing else is known', () => {
    const bytes = frameOf([...remote, '000000d4', call, serial9, ok, '00000000', uuidHex, 'ffffffff', '00000000'])
    expect(encodeCall('domainGetState', { domain: { uuid } }, 9)).toEqual(bytes)
  })

  it('sends a migration with its parameters, peer to peer', () => {
    const bytes = frameOf([
      ...[...remote, '00000131', call, serial9, ok], // procedure 305
      ...domainHex,
      ...['00000001', '00000005', '7465737441000000'], // there is a destination: 'testA'
      '00000004', // four parameters
      ...['00000009', '62616e647769647468000000', '00000004', '0000000000000064'], // bandwidth, ullong, 100
      ...['0000000d', '6d6967726174655f6469736b73000000', '00000007', '00000003', '76646100'], // migrate_disks: vda
      ...['0000000d', '6d6967726174655f6469736b73000000', '00000007', '00000003', '76646200'], // and vdb
      ...['0000000a', '6469736b735f706f72740000', '00000001', '0000c000'], // disks_port, int, 49152
      '00000000', // no cookie
      '00000003', // live, peer to peer
    ])
    const params = { bandwidth: 100n, migrate_disks: ['vda', 'vdb'], disks_port: 49152 }
    const args = { domain, destinationUri: 'testA', params, flags: 3 }
    expect(encodeCall('domainMigratePerform3Params', args, 9)).toEqual(bytes)
    expect(decodeCall('domainMigratePerform3Params', onlyFrame(bytes))).toEqual({ ...args, cookieIn: Buffer.alloc(0) })
  })

  it("reaches QEMU's own program", () => {
    const bytes = frameOf([...qemu, '00000001', call, serial9, ok, ...domainHex, '00000002', '7b7d0000', '00000000'])
    expect(encodeCall('qemuDomainMonitorCommand', { domain, command: '{}' }, 9)).toEqual(bytes)
  })
})

describe('replies', () => {
  it('lists domains', () => {
    const bytes = frameOf([...remote, '00000111', reply, serial9, ok, '00000001', ...domainHex, '00000001'])
    expect(decodeReply('connectListAllDomains', onlyFrame(bytes))).toEqual({ domains: [domain], count: 1 })
    expect(encodeReply('connectListAllDomains', { domains: [domain], count: 1 }, 9)).toEqual(bytes)
  })

  it('reads every kind of typed parameter', () => {
    const bytes = frameOf([
      ...[...remote, '0000012a', reply, serial9, ok, '00000002'], // procedure 298, an unbounded job
      '00000007',
      ...['00000001', '61000000', '00000001', 'ffffffff'], // int
      ...['00000001', '62000000', '00000002', 'ffffffff'], // uint
      ...['00000001', '63000000', '00000003', 'ffffffffffffffff'], // llong
      ...['00000001', '64000000', '00000004', 'ffffffffffffffff'], // ullong
      ...['00000001', '65000000', '00000005', '3fe0000000000000'], // double
      ...['00000001', '66000000', '00000006', '00000001'], // boolean
      ...['00000001', '67000000', '00000007', '00000001', '78000000'], // string
    ])
    const params = { a: -1, b: 4294967295, c: -1n, d: 2n ** 64n - 1n, e: 0.5, f: true, g: 'x' }
    expect(decodeReply('domainGetJobStats', onlyFrame(bytes))).toEqual({ type: 2, params })
    expect(encodeReply('domainGetJobStats', { type: 2, params: { ...params, c: -1n } }, 9)).toEqual(bytes)
  })

  it('reads the model of a host from its wide text', () => {
    const model = [...'i686'].map((letter) => letter.charCodeAt(0).toString(16).padStart(8, '0')).join('')
    const bytes = frameOf([
      ...[...remote, '00000006', reply, serial9, ok, model, '00'.repeat(28 * 4)],
      ...['0000000000300000', '00000010', '00000578', '00000002', '00000002', '00000002', '00000002'],
    ])
    const info = { model: 'i686', memoryKiB: 3145728n, cpus: 16, mhz: 1400, nodes: 2, sockets: 2, cores: 2, threads: 2 }
    expect(decodeReply('nodeGetInfo', onlyFrame(bytes))).toEqual(info)
    expect(encodeReply('nodeGetInfo', info, 9)).toEqual(bytes)
  })

  it('says which answer it could not read', () => {
    const frame = onlyFrame(frameOf([...remote, '00000018', reply, serial9, ok, 'ffffffff']))
    expect(() => decodeReply('domainLookupByUuid', frame)).toThrow(
      new ProtocolError("can't read the result of domainLookupByUuid"),
    )
  })

  it('refuses a typed parameter of a kind that does not exist', () => {
    const bytes = frameOf([...remote, '0000012a', reply, serial9, ok, '00000002', '00000001', '00000000', '00000063'])
    expect(() => decodeReply('domainGetJobStats', onlyFrame(bytes))).toThrow(ProtocolError)
  })
})

describe('errors', () => {
  const errorHex = [
    ...['0000002a', '0000000a'], // code 42, domain 10
    ...['00000001', '00000004', '6e6f6e65'], // message: 'none'
    '00000002', // level: error
    ...['00000000', '00000000', '00000000', '00000000'], // no domain, no texts
    ...['ffffffff', 'ffffffff'], // numbers
    '00000000', // no network
  ]

  it('keeps code, domain, level and message', () => {
    const frame = onlyFrame(frameOf([...remote, '00000017', reply, serial9, error, ...errorHex]))
    expect(decodeError(frame, 'domainLookupByName')).toMatchObject({
      ...{ name: 'LibvirtError', code: 42, domain: 10, level: 2, message: 'none' },
      procedure: 'domainLookupByName',
    })
  })

  it('answers a call with an error, and a packet of a stream within the stream', () => {
    const fields = { code: 42, domain: 10, message: 'none', number1: -1, number2: -1 }
    const asked = onlyFrame(encodeCall('domainLookupByName', { name: 'x' }, 9))
    expect(encodeError(asked, fields)).toEqual(frameOf([...remote, '00000017', reply, serial9, error, ...errorHex]))
    const packet = onlyFrame(encodeStreamHeader('storageVolUpload', 9, 'continue'))
    expect(encodeError(packet, fields)).toEqual(frameOf([...remote, '000000d0', stream, serial9, error, ...errorHex]))
  })

  it('knows the error by which an old daemon can be told', () => {
    const frame = onlyFrame(encodeCall('domainAbortJobFlags', { domain }, 9))
    const bytes = encodeError(frame, { code: 39, domain: 7, message: 'unknown procedure: 442' })
    expect(decodeError(onlyFrame(bytes), 'domainAbortJobFlags').isUnknownProcedure).toBe(true)
  })
})

describe('events', () => {
  it('tells of a domain that was suspended', () => {
    const ids = ['00000002', ...domainHex, '00000003', '00000000'] // callback, domain, event, detail
    const bytes = frameOf([...remote, '0000013e', message, '00000000', ok, ...ids])
    const body = { callbackId: 2, domain, event: 3, detail: 0 }
    expect(decodeEvent(onlyFrame(bytes))).toEqual({ name: 'domainLifecycle', body })
    expect(encodeEvent('domainLifecycle', body)).toEqual(bytes)
  })

  it('has the reason in front of the domain when a guest wakes up', () => {
    const bytes = frameOf([...remote, '00000149', message, '00000000', ok, '00000002', '00000001', ...domainHex])
    expect(decodeEvent(onlyFrame(bytes))).toEqual({
      name: 'domainPmWakeup',
      body: { callbackId: 2, reason: 1, domain },
    })
  })

  it('passes over events that it does not know', () => {
    expect(decodeEvent(onlyFrame(frameOf([...remote, '00000fff', message, '00000000', ok])))).toBeUndefined()
    expect(decodeEvent(onlyFrame(frameOf([...qemu, '0000013e', message, '00000000', ok])))).toBeUndefined()
  })
})

describe('packets', () => {
  it('pings and pongs', () => {
    const fields = ['6b656570', '00000001', '00000001', message, '00000000', ok]
    expect(encodeKeepalive('ping')).toEqual(frameOf(fields))
    expect(encodeKeepalive('pong')).toEqual(frameOf(fields.with(2, '00000002')))
  })

  it('puts a header before the bytes of a stream', () => {
    const header = encodeStreamHeader('storageVolUpload', 9, 'continue', 3)
    expect(Buffer.concat([header, Buffer.from('abc')])).toEqual(
      frameOf([...remote, '000000d0', stream, serial9, '00000002', '616263']),
    )
  })
})

describe('the description', () => {
  it('has no number twice, and finds every name by its number', () => {
    for (const [name, { program, number }] of Object.entries(procedures))
      expect(procedureName(program, number)).toBe(name)
    for (const [name, { number }] of Object.entries(events)) expect(eventName(number)).toBe(name)
    const numbers = Object.values(procedures).map(({ program, number }) => `${program}/${number}`)
    const all = [...numbers, ...Object.values(events).map(({ number }) => `${0x20008086}/${number}`)]
    expect(new Set(all).size).toBe(all.length)
    const ids = Object.values(events).map(({ source, eventId }) => `${source}/${eventId}`)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('never runs past the end of random bytes', { timeout: 20_000 }, () => {
    let seed = 1
    const random = () => {
      seed = (seed * 48271) % 0x7fffffff
      return seed
    }
    const names = Object.keys(procedures) as ProcedureName[]
    const eventNames = Object.keys(events) as EventName[]
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.from(Array.from({ length: random() % 200 }, () => (random() % 3 ? 0 : random() & 0xff)))
      const codecs = [...names.map((name) => procedures[name].result), ...eventNames.map((name) => events[name].body)]
      for (const codec of codecs) {
        const reader = new XdrReader(bytes)
        try {
          codec.decode(reader)
        } catch (error) {
          expect(error).toHaveProperty('name', 'XdrError')
        }
        expect(reader.remaining).toBeGreaterThanOrEqual(0)
      }
    }
  })
})
