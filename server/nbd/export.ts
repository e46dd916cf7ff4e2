import type { Extent } from './extent.ts'

/**
 * What a server serves. Everything may be called many times at once; the signal fires when nobody waits for it any more.
 * A failure that is an NbdError reaches the client with its code and text, any other as an input/output error without.
 */
export interface NbdExport {
  readonly sizeBytes: number
  readonly description?: string
  /** How much it likes to read at once */
  readonly preferredBytes?: number
  /** Whoever flushes flushes what was written over every connection, and all see it */
  readonly multiConn?: boolean
  /** Exactly `length` bytes */
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>
  /** Without it the export is read-only. `bytes` are the export's from then on */
  write?(offset: number, bytes: Uint8Array, signal: AbortSignal): Promise<void>
  /** `allocate` keeps the space taken */
  writeZeroes?(offset: number, length: number, allocate: boolean, signal: AbortSignal): Promise<void>
  trim?(offset: number, length: number, signal: AbortSignal): Promise<void>
  /** Every write that was done before is on stable storage when it resolves */
  flush?(signal: AbortSignal): Promise<void>
  /** Names that `extents` takes; with `base:allocation` zeroes are not sent */
  readonly contexts?: readonly string[]
  /** From `offset` on without gaps; it may go on beyond the range, or end before */
  extents?(
    context: string,
    offset: number,
    length: number,
    signal: AbortSignal,
  ): AsyncIterable<Extent> | Iterable<Extent>
}

/** Who asks. */
export interface NbdPeer {
  /** Null on this machine */
  address: string | null
  /** From its certificate, with TLS */
  commonName: string | null
  /** SHA-256 of its certificate in hexadecimal, with TLS */
  fingerprint: string | null
}
