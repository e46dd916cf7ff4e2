import { open } from 'node:fs/promises'

/** As a disk that forgets does it. */
export async function flipByte(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, offset)
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, offset)
  } finally {
    await file.close()
  }
}
