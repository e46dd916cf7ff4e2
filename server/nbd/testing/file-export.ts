import type { FileHandle } from 'node:fs/promises'
import type { NbdExport } from '../export.ts'

/** A file as an export. */
export function fileExport(file: FileHandle, sizeBytes: number, readOnly = false): NbdExport {
  const base: NbdExport = {
    sizeBytes,
    multiConn: true,
    async read(offset, length) {
      const bytes = Buffer.allocUnsafe(length)
      let filled = 0
      while (filled < length) {
        const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled)
        if (bytesRead === 0) throw new Error('the file is too short')
        filled += bytesRead
      }
      return bytes
    },
  }
  if (readOnly) return base
  return {
    ...base,
    async write(offset, bytes) {
      await file.write(bytes, 0, bytes.length, offset)
    },
    async writeZeroes(offset, length) {
      const zeroes = Buffer.alloc(Math.min(length, 2 ** 20))
      for (let at = 0; at < length; at += zeroes.length) {
        await file.write(zeroes, 0, Math.min(zeroes.length, length - at), offset + at)
      }
    },
    async trim() {},
    async flush() {
      await file.datasync()
    },
  }
}
