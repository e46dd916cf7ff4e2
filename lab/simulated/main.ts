import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeDescription } from './description.ts'
import { SimulatedFleet } from './fleet.ts'

const parentCheckMs = 500
/** Enough that something is seen to happen, seldom enough that an operator's own actions stand out. */
const eventsPerSecond = 0.05

/**
 * Simulated hosts as a process, where no hypervisor can run.
 *   node lab/simulated/main.ts --dir DIR [--hosts N --vms M] [--seed S] [--events PER_SECOND] [--parent PID]
 * Runs until SIGTERM, SIGINT or the death of the parent (default: its own). Without counts it is the standing fleet.
 */
const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    hosts: { type: 'string' },
    vms: { type: 'string' },
    seed: { type: 'string' },
    events: { type: 'string' },
    parent: { type: 'string' },
  },
})

function wholeNumber(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  console.error(`--${name} must be a whole number above 0, not ${text}`)
  process.exit(1)
}

const startedMs = Date.now()
const say = (message: string): void => console.log(`${((Date.now() - startedMs) / 1000).toFixed(1)} s  ${message}`)

const dir = values.dir ?? '.data/lab'
const hosts = wholeNumber(values.hosts, 'hosts')
const vms = wholeNumber(values.vms, 'vms')
const descriptionPath = join(dir, 'fleet.json')
const fleet = new SimulatedFleet({
  dir,
  ...(hosts || vms ? { size: { hosts: hosts ?? 5, vms: vms ?? (hosts ?? 5) * 20 } } : {}),
  ...(values.seed ? { seed: values.seed } : {}),
  eventsPerSecond: values.events ? Number(values.events) : eventsPerSecond,
})

let isEnding = false
async function end(reason: string): Promise<void> {
  if (isEnding) return
  isEnding = true
  say(`Stopping the simulated hosts: ${reason}`)
  await rm(descriptionPath, { force: true })
  await fleet.stop()
  process.exit(0)
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(signal))
// The readers of our output may be gone together with the parent.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const ownParent = process.ppid
function parentIsAlive(): boolean {
  if (!values.parent) return process.ppid === ownParent
  try {
    process.kill(Number(values.parent), 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
setInterval(() => {
  if (!parentIsAlive()) void end('the process that started them has ended')
}, parentCheckMs)

await mkdir(dir, { recursive: true })
await rm(descriptionPath, { force: true })
await fleet.start()
await writeDescription(fleet, dir)
say(`${fleet.hosts.length} simulated hosts with ${fleet.plan.vms.length} VMs are up`)
