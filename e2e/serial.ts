import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { given } from './fleet.ts'

export interface Count {
  n: number
  bootId: string
}

/** The newest line of the counter that a guest writes on its serial console, from the host's own log file. */
export async function newestCount(hostName: string, vmName: string): Promise<Count | null> {
  const path = join(dirname(given('SKERRY_FLEET')), 'hosts', hostName, 'log', 'qemu', `${vmName}-serial.log`)
  const text = await readFile(path, 'latin1').catch(() => '')
  const last = [...text.matchAll(/CNT (\d+) boot=(\S+)/g)].at(-1)
  return last?.[1] && last[2] ? { n: Number(last[1]), bootId: last[2] } : null
}
