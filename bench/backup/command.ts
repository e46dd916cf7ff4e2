import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly output: string
}

/** Puts everything written so far on the disk, so that nobody pays for what was before. */
export const settleDisk = () => run('sync')

/** Runs a command after everything before it is on the disk, and measures it as the shell does. */
export async function measured(command: readonly string[], environment: Record<string, string> = {}): Promise<Cost> {
  await settleDisk()
  const script = 'TIMEFORMAT="%R %U %S"; time "$@"'
  const { stdout, stderr } = await run('bash', ['-c', script, 'bash', ...command], {
    env: { ...process.env, ...environment },
    maxBuffer: 2 ** 26,
  })
  const [seconds = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { seconds, cpuSeconds: user + system, output: stdout }
}

/** Bytes of the files below a folder. */
export async function sizeOf(folder: string): Promise<number> {
  const { stdout } = await run('du', ['-sb', '--apparent-size', folder])
  return Number(stdout.split('\t')[0])
}
