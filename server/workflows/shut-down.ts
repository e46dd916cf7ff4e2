import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { VmFacts } from '#server/hypervisor/facts.ts'
import type { StepContext } from './define.ts'
import { pause } from './pause.ts'

export type ShutdownWay = 'agent' | 'acpi'

/** A guest that still boots hears no power button: it is pressed again after so long, or the agent asked that came up since. */
const againMs = 10_000
const everyMs = 500

/** The agent's way is the surer one; without an agent the guest gets the power button. */
export const shutdownWay = async (host: HypervisorHost, uuid: string): Promise<ShutdownWay> =>
  (await host.agentPing(uuid, { timeoutMs: 3_000 })) ? 'agent' : 'acpi'

/**
 * Asks the guest to shut down, unless it does already, and waits until it has.
 * @returns how it was asked, the last time, and whether it is off in time
 * @throws Cancelled when the signal fires; it may shut down all the same
 */
export async function shutDownGuest(
  { signal, progress }: Pick<StepContext<unknown, object>, 'signal' | 'progress'>,
  host: HypervisorHost,
  { uuid }: Pick<VmFacts, 'uuid'>,
  timeoutMs: number,
): Promise<{ by: ShutdownWay | null; isOff: boolean }> {
  const deadline = Date.now() + timeoutMs
  let by: ShutdownWay | null = null
  let askedAt = 0
  while (true) {
    const state = (await host.readVm(uuid))?.state ?? 'off'
    if (state === 'off') return { by, isOff: true }
    // An agent that was asked has heard it; that it is silent afterwards is a part of shutting down.
    if (state === 'running' && by !== 'agent' && Date.now() - askedAt >= againMs) {
      by = await shutdownWay(host, uuid)
      progress({ phase: by === 'agent' ? 'asking the guest agent' : 'pressing the power button' })
      await host.power(uuid, { action: 'shutdown', by }, { signal })
      askedAt = Date.now()
      progress({ phase: 'waiting for the guest to shut down' })
    }
    if (Date.now() >= deadline) return { by, isOff: false }
    await pause(everyMs, signal)
  }
}
