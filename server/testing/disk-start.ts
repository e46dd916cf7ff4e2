import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { runInside } from '#lab/guest/guest.ts'
import type { Host } from '#lab/host.ts'

/** What no guest writes: partition table and kernel. */
const startMib = 40

/** What a guest itself reads shall come from its disk. */
export const dropCaches = 'echo 3 > /proc/sys/vm/drop_caches'
const hashLine = `${dropCaches}; dd if=/dev/vda bs=1048576 count=${startMib} 2>/dev/null | sha256sum`
const firstWord = (line: string) => line.split(' ')[0] ?? ''

/** The start of a guest's disk, as the guest reads it. */
export const hashInside = async (lab: Host, name: string): Promise<string> =>
  firstWord(await runInside(lab, name, '/bin/sh', '-c', hashLine))

/** The start of what a raw file holds. */
export async function hashOfFile(rawPath: string): Promise<string> {
  const file = await open(rawPath)
  try {
    const buffer = Buffer.alloc(startMib * 2 ** 20)
    await file.read(buffer, 0, buffer.length, 0)
    return createHash('sha256').update(buffer).digest('hex')
  } finally {
    await file.close()
  }
}

/** Has a guest read the start of its disk again and again. @returns what tells the sums that it has got so far */
export async function hashForever(lab: Host, name: string): Promise<() => Promise<string[]>> {
  const loop = `(while true; do (${hashLine}) >> /tmp/sums; done) > /dev/null 2>&1 &`
  await runInside(lab, name, '/bin/sh', '-c', loop)
  return async () => {
    const lines = (await runInside(lab, name, '/bin/cat', '/tmp/sums')).split('\n')
    return lines.filter(Boolean).map(firstWord)
  }
}
