import { parseArgs } from 'node:util'
import { startFleet } from './fleet.ts'
import { Lab } from './lab.ts'
import { identify, isAlive } from './process.ts'
import { missingRequirement } from './requirement.ts'

const PARENT_CHECK_MS = 500

/**
 * The standing lab as a process.
 *   node lab/main.ts --dir DIR [--image-dir DIR] [--parent PID]   runs until SIGTERM, SIGINT or the death of the parent (default: its own)
 *   node lab/main.ts check                                        0 when this machine can run the lab; else 1 and the reason
 *   node lab/main.ts sweep                                        removes what killed labs left behind
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dir: { type: 'string' }, 'image-dir': { type: 'string' }, parent: { type: 'string' } },
})

if (positionals[0] === 'check') await check()
else if (positionals[0] === 'sweep') await sweep()
else await serve()

async function check(): Promise<void> {
  const problem = await missingRequirement()
  console.log(problem ?? 'This machine can run the lab.')
  process.exitCode = problem ? 1 : 0
}

async function sweep(): Promise<void> {
  const swept = await Lab.sweep()
  console.log(swept.length > 0 ? `Removed what was left of ${swept.join(', ')}.` : 'Nothing was left behind.')
}

async function serve(): Promise<void> {
  const startedMs = Date.now()
  const onStep = (message: string): void => console.log(`${((Date.now() - startedMs) / 1000).toFixed(1)} s  ${message}`)
  const problem = await missingRequirement()
  if (problem) {
    console.error(problem)
    process.exit(1)
  }
  const parent = identify(values.parent ? Number(values.parent) : process.ppid)
  const dir = values.dir ?? '.data/lab'
  const imageDir = values['image-dir']
  const starting = startFleet({ dir, onStep, ...(imageDir ? { imageDir } : {}) })

  let isEnding = false
  const end = async (reason: string): Promise<void> => {
    if (isEnding) return
    isEnding = true
    onStep(`Stopping the lab: ${reason}`)
    const fleet = await starting.catch(() => undefined)
    await fleet?.stop()
    onStep('The lab has stopped')
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(signal))
  // The readers of our output may be gone together with the parent.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  setInterval(() => {
    if (!parent || !isAlive(parent)) void end('the process that started it has ended')
  }, PARENT_CHECK_MS)

  const fleet = await starting
  await fleet.guestsUp
  if (!isEnding) onStep('The fleet is complete')
}
