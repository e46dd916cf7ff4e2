import { Duplex } from 'node:stream'

/** What goes wrong on the way from the server to the client; nothing when left out. */
export interface Faults {
  /** Bytes arrive in pieces of at most this size. */
  pieceBytes?: number | undefined
  /** The connection breaks once this many bytes have arrived. */
  cutAfterBytes?: number | undefined
  /** How it breaks: in order, or by a reset. */
  cutBy?: 'end' | 'reset' | undefined
}

/** Both ends of a connection in memory, whose bytes towards `client` suffer the faults. */
export function faultySocket(faults: Faults = {}): { client: Duplex; server: Duplex } {
  const { pieceBytes = Number.POSITIVE_INFINITY, cutAfterBytes = Number.POSITIVE_INFINITY, cutBy = 'end' } = faults
  let arrivedBytes = 0
  let isCut = false

  function cut(by: 'end' | 'reset') {
    if (isCut || client.destroyed) return
    isCut = true
    if (by === 'reset') client.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    else client.push(null)
  }

  function deliver(chunk: Buffer) {
    let left = chunk
    while (left.length > 0 && !isCut && !client.destroyed) {
      const sizeBytes = Math.min(left.length, pieceBytes, cutAfterBytes - arrivedBytes)
      client.push(left.subarray(0, sizeBytes))
      left = left.subarray(sizeBytes)
      arrivedBytes += sizeBytes
      if (arrivedBytes >= cutAfterBytes) cut(cutBy)
    }
  }

  const client: Duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      if (!server.destroyed) server.push(chunk)
      done()
    },
    final(done) {
      if (!server.destroyed) server.push(null)
      done()
    },
    destroy(error, done) {
      if (!server.destroyed) server.push(null)
      done(error)
    },
  })
  const server: Duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      deliver(chunk)
      done()
    },
    final(done) {
      cut('end')
      done()
    },
    destroy(error, done) {
      cut('end')
      done(error)
    },
  })
  if (cutAfterBytes === 0) cut(cutBy)
  return { client, server }
}
