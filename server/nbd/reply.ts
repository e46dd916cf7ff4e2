import type { ByteReader } from './byte-reader.ts'
import { NbdError, type NbdErrorCode } from './error.ts'
import { Coverage } from './extent.ts'
import {
  chunk,
  chunkFlag,
  chunkMagic,
  command,
  errno,
  isErrorChunk,
  maximumTextBytes,
  simpleReplyBytes,
  simpleReplyMagic,
} from './wire.ts'

/** The most extents that are read of one answer. */
const maximumDescriptors = 1 << 17

/** What was asked of the server and is being answered. */
export interface Request {
  readonly doing: string
  readonly command: number
  readonly offset: number
  readonly length: number
  /** Where the data of a read go; undefined once nobody waits for them. */
  target?: Buffer | undefined
  readonly coverage: Coverage
  /** The context that a block status is about, and pairs of length and flags once they came. */
  readonly contextId?: number | undefined
  descriptors?: Buffer | undefined
  failure?: NbdError | undefined
}

export const newRequest = (of: Omit<Request, 'coverage'>): Request => ({ ...of, coverage: new Coverage(of.length) })

const codes: Record<number, NbdErrorCode> = {
  [errno.permission]: 'read-only',
  [errno.noMemory]: 'no-memory',
  [errno.invalid]: 'invalid',
  [errno.noSpace]: 'no-space',
  [errno.overflow]: 'invalid',
  [errno.unsupported]: 'unsupported',
  [errno.shutdown]: 'shutting-down',
}

const reasons: Partial<Record<NbdErrorCode, string>> = {
  io: 'the server could not read or write',
  'read-only': 'the server does not permit it',
  'no-memory': 'the server has no memory for it',
  invalid: 'the server finds the request wrong',
  'no-space': 'there is no space left',
  unsupported: 'the server does not know how',
  'shutting-down': 'the server is shutting down',
}

function commandError(number: number, doing: string, said = ''): NbdError {
  const code = codes[number] ?? 'io'
  const why = reasons[code] ?? `the server failed with ${number}`
  return new NbdError(code, doing, said ? `${why}: ${said}` : why)
}

/** Reads answers and puts them into the requests they belong to. */
export class ReplyReader {
  readonly #reader: ByteReader
  readonly #requests: ReadonlyMap<number, Request>
  readonly #structured: boolean

  constructor(reader: ByteReader, requests: ReadonlyMap<number, Request>, structured: boolean) {
    this.#reader = reader
    this.#requests = requests
    this.#structured = structured
  }

  /** The cookie of a request that is answered to the end; its `failure` tells whether well. */
  async next(): Promise<number> {
    for (;;) {
      const head = await this.#reader.read(simpleReplyBytes)
      const magic = head.readUInt32BE(0)
      const cookie = head.readUInt32BE(12)
      const request = head.readUInt32BE(8) === 0 ? this.#requests.get(cookie) : undefined
      if (!request) throw this.#nonsense('an answer came to nothing that was asked')
      if (magic === simpleReplyMagic) {
        await this.#readSimple(request, head.readUInt32BE(4))
        return cookie
      }
      if (magic !== chunkMagic || !this.#structured) throw this.#nonsense('what came is no answer')
      const flags = head.readUInt16BE(4)
      const type = head.readUInt16BE(6)
      const length = (await this.#reader.read(4)).readUInt32BE(0)
      await this.#readChunk(request, type, length)
      if ((flags & chunkFlag.done) === 0) continue
      this.#finish(request)
      return cookie
    }
  }

  async #readSimple(request: Request, error: number): Promise<void> {
    if (error !== 0) {
      request.failure = commandError(error, request.doing)
    } else if (request.command === command.read) {
      if (this.#structured) throw this.#nonsense('data came in another form than agreed')
      await this.#readData(request, request.offset, request.length)
    } else if (request.command === command.blockStatus) throw this.#nonsense('extents were asked for and none came')
  }

  async #readChunk(request: Request, type: number, length: number): Promise<void> {
    if (isErrorChunk(type)) return this.#readError(request, type, length)
    const reads = request.command === command.read
    if (type === chunk.none && length === 0) return
    if (type === chunk.data && reads && length > 8) {
      const offset = this.#number(await this.#reader.read(8))
      return this.#readData(request, offset, length - 8)
    }
    if (type === chunk.hole && reads && length === 12) {
      const body = await this.#reader.read(12)
      const size = body.readUInt32BE(8)
      this.#cover(request, this.#number(body), size)?.fill(0)
      return
    }
    if (type === chunk.blockStatus && request.command === command.blockStatus) {
      return this.#readStatus(request, length)
    }
    throw this.#nonsense(`a piece of the kind ${type} and ${length} bytes has no place in an answer`)
  }

  async #readData(request: Request, offset: number, length: number): Promise<void> {
    const target = this.#cover(request, offset, length)
    if (target) await this.#reader.readInto(target)
    else await this.#reader.skip(length)
  }

  /** The part of the request's memory that a piece of the answer fills. */
  #cover(request: Request, offset: number, length: number): Buffer | undefined {
    const start = offset - request.offset
    if (!request.coverage.take(start, length)) throw this.#nonsense('data came that nobody had asked for')
    return request.target?.subarray(start, start + length)
  }

  async #readStatus(request: Request, length: number): Promise<void> {
    const count = (length - 4) / 8
    if (!Number.isInteger(count) || count < 1 || count > maximumDescriptors) {
      throw this.#nonsense(`extents in ${length} bytes are none`)
    }
    const contextId = (await this.#reader.read(4)).readUInt32BE(0)
    if (contextId !== request.contextId) return this.#reader.skip(length - 4)
    if (request.descriptors) throw this.#nonsense('the same extents came twice')
    const descriptors = Buffer.allocUnsafe(length - 4)
    await this.#reader.readInto(descriptors)
    request.descriptors = descriptors
  }

  async #readError(request: Request, type: number, length: number): Promise<void> {
    const fixedBytes = type === chunk.errorAtOffset ? 14 : 6
    if (length < 6 || length > fixedBytes + maximumTextBytes)
      throw this.#nonsense(`an error of ${length} bytes is none`)
    const body = await this.#reader.read(length)
    const saidBytes = body.readUInt16BE(4)
    if (6 + saidBytes > length) throw this.#nonsense('an error ends early')
    const said = body.toString('utf8', 6, 6 + saidBytes)
    request.failure ??= commandError(body.readUInt32BE(0), request.doing, said)
  }

  #finish(request: Request): void {
    if (request.failure) return
    if (request.command === command.read && !request.coverage.isWhole) throw this.#nonsense('not all data came')
    if (request.command === command.blockStatus && !request.descriptors) {
      throw this.#nonsense('extents were asked for and none came')
    }
  }

  #number(bytes: Buffer): number {
    const value = bytes.readBigUInt64BE(0)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#nonsense('data came that nobody had asked for')
    return Number(value)
  }

  #nonsense(why: string): NbdError {
    return new NbdError('protocol', 'understand the server', why)
  }
}
