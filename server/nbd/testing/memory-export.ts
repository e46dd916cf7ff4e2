import type { NbdExport } from '../export.ts'
import type { Extent } from '../extent.ts'
import { allocationFlag } from '../wire.ts'

const blockBytes = 4096

/** A disk in memory that notes what was asked of it. */
export class MemoryExport implements NbdExport {
  readonly bytes: Buffer
  readonly calls: string[] = []
  readonly contexts = ['base:allocation']
  readonly multiConn = true
  readonly description = 'a disk in memory'

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get sizeBytes(): number {
    return this.bytes.length
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.calls.push(`read ${offset} ${length}`)
    return Buffer.from(this.bytes.subarray(offset, offset + length))
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    this.calls.push(`write ${offset} ${bytes.length}`)
    this.bytes.set(bytes, offset)
  }

  async writeZeroes(offset: number, length: number, allocate: boolean): Promise<void> {
    this.calls.push(`zero ${offset} ${length} ${allocate}`)
    this.bytes.fill(0, offset, offset + length)
  }

  async trim(offset: number, length: number): Promise<void> {
    this.calls.push(`trim ${offset} ${length}`)
  }

  async flush(): Promise<void> {
    this.calls.push('flush')
  }

  *extents(_context: string, offset: number, length: number): Generator<Extent> {
    const end = offset + length
    for (let at = offset; at < end; ) {
      const next = Math.min(end, (Math.floor(at / blockBytes) + 1) * blockBytes)
      const isZero = this.bytes.subarray(at, next).every((byte) => byte === 0)
      yield { offset: at, length: next - at, flags: isZero ? allocationFlag.zero | allocationFlag.hole : 0 }
      at = next
    }
  }
}
