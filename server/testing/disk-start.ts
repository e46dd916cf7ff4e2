import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { expect } from 'vitest'
import { runInside } from '#lab/guest/guest.ts'
import type { Host } from '#lab/host.ts'

/** What no guest writes: partition table and kernel. */
const startMib = 40
/** Of it, so that each pass is soon over. */
const passMib = 8

/** What a guest itself reads shall come from its disk. */
export const dropCaches = 'echo 3 > /proc/sys/vm/drop_caches'
const hashLine = (mib: number) => `${dropCaches}; dd if=/dev/vda bs=1048576 count=${mib} 2>/dev/null | sha256sum`
const firstWord = (line: string) => line.split(' ')[0] ?? ''

/** The start of a guest's disk, as the guest reads it. */
export const hashInside = async (lab: Host, name: string): Promise<string> =>
  firstWord(await runInside(lab, name, '/bin/sh', '-c', hashLine(startMib)))

/** The start of what a raw file holds. */
export const hashOfFile = (rawPath: string) => hashOf(rawPath, startMib)

async function hashOf(rawPath: string, mib: number): Promise<string> {
  const file = await open(rawPath)
  try {
    const buffer = Buffer.alloc(mib * 2 ** 20)
    await file.read(buffer, 0, buffer.length, 0)
    return createHash('sha256').update(buffer).digest('hex')
  } finally {
    await file.close()
  }
}

/**
 * Has a guest read the start of its disk again and again, of which this raw file holds what it should read.
 */
export async function hashForever(lab: Host, name: string, rawPath: string) {
  const loop = `(while true; do (${hashLine(passMib)}) >> /tmp/sums; done) > /dev/null 2>&1 &`
  await runInside(lab, name, '/bin/sh', '-c', loop)
  const sums = async () => {
    const lines = (await runInside(lab, name, '/bin/cat', '/tmp/sums')).split('\n')
    return lines.filter(Boolean).map(firstWord)
  }
  const expected = await hashOf(rawPath, passMib)
  return {
    /** It reads on, and what it should */
    async goesOn(): Promise<void> {
      const before = (await sums()).length
      await expect.poll(async () => (await sums()).length, { timeout: 60_000 }).toBeGreaterThan(before + 1)
      expect(new Set(await sums())).toEqual(new Set([expected]))
    },
  }
}
