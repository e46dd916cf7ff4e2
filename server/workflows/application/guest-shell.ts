import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { unavailable } from '#server/errors.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'

const everyMs = 150
/** What a script may print; the rest is cut off. */
const outputBytes = 16_384

const Info = z.object({ supported_commands: z.array(z.object({ name: z.string(), enabled: z.boolean() })) })
const Started = z.object({ pid: z.number() })
const Status = z.object({
  exited: z.boolean(),
  exitcode: z.number().optional(),
  'out-data': z.string().optional(),
  'err-data': z.string().optional(),
})

export interface ShellResult {
  exitCode: number
  output: string
  errors: string
}

/** Whether the guest's agent lets programs be run; many distributions ship it with that switched off. */
export async function mayRunPrograms(host: HypervisorHost, vm: string): Promise<boolean> {
  const info = Info.safeParse(await host.agentCommand(vm, { execute: 'guest-info' }))
  const needed = ['guest-exec', 'guest-exec-status']
  const enabled = info.data?.supported_commands.filter((command) => command.enabled).map(({ name }) => name) ?? []
  return needed.every((name) => enabled.includes(name))
}

/**
 * Runs a script of the POSIX shell in a guest, as the user of its agent, mostly root.
 * @throws unavailable when it has not ended in time; it goes on in the guest
 */
export async function runInGuest(
  host: HypervisorHost,
  vm: string,
  script: string,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<ShellResult> {
  const start = { path: '/bin/sh', arg: ['-c', script], 'capture-output': true }
  const { pid } = Started.parse(await host.agentCommand(vm, { execute: 'guest-exec', arguments: start }))
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const status = Status.parse(await host.agentCommand(vm, { execute: 'guest-exec-status', arguments: { pid } }))
    if (status.exited) {
      const [output, errors] = [text(status['out-data']), text(status['err-data'])]
      return { exitCode: status.exitcode ?? 1, output, errors }
    }
    if (performance.now() > deadline) {
      throw unavailable(`A program in the guest has not ended in ${Math.round(timeoutMs / 1000)} s.`)
    }
    await delay(everyMs, undefined, { signal })
  }
}

const text = (base64 = '') => Buffer.from(base64, 'base64').subarray(0, outputBytes).toString('utf8').trim()
