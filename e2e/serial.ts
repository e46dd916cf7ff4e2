import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { given } from './fleet.ts'

export interface Count {
  n: number
  bootId: string
}

/** The lines of the counter that a guest writes on its serial console, oldest first, from the host's own log file. */
async function counts(hostName: string, vmName: string): Promise<Count[]> {
  const path = join(dirname(given('SKERRY_FLEET')), 'hosts', hostName, 'log', 'qemu', `${vmName}-serial.log`)
  const text = await readFile(path, 'latin1').catch(() => '')
  return [...text.matchAll(/CNT (\d+) boot=(\S+)/g)].map(([, n, bootId = '']) => ({ n: Number(n), bootId }))
}

export const newestCount = async (hostName: string, vmName: string): Promise<Count | null> =>
  (await counts(hostName, vmName)).at(-1) ?? null

/** The first line in which a guest counts on from an earlier number in the same boot: its memory has gone back. */
export const countGoneBack = async (hostName: string, vmName: string): Promise<Count | undefined> =>
  (await counts(hostName, vmName)).find(({ n, bootId }, at, all) => {
    const before = all[at - 1]
    return before?.bootId === bootId && n <= before.n
  })
