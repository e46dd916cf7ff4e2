import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import type { BootCheck } from '#server/schema/boot-test.ts'
import { pause } from '../pause.ts'
import type { SerialLog } from '../serial-log.ts'

export type Verdict = { proof: 'agent' | 'serial'; bootMs: number } | { proof: null; reason: string }

export interface Watched extends Pick<BootCheck, 'proof' | 'serialText' | 'limitSeconds'> {
  vm: string
  /** Of `performance.now()`, when its start was asked for */
  startedMs: number
  hasAgent: boolean
  /** Null: it has no serial port that can be listened to */
  serial: SerialLog | null
}

const lookMs = 200
const stateEveryMs = 2_000
const agentEveryMs = 700

/** Waits until the guest shows that it is up, has ended, or its time is over. */
export async function watchBoot(host: HypervisorHost, watched: Watched, signal: AbortSignal): Promise<Verdict> {
  const { vm, startedMs, limitSeconds, serialText } = watched
  const wants = wantedOf(watched)
  if (!wants.agent && !wants.serial) return { proof: null, reason: `It has no ${lackOf(watched)} that could tell.` }
  const agent = new AgentAsking(host, vm)
  let stateAt = startedMs
  for (;;) {
    const bootMs = Math.round(performance.now() - startedMs)
    if (wants.serial && watched.serial?.holds(serialText)) return { proof: 'serial', bootMs }
    if (wants.agent && agent.isUp()) return { proof: 'agent', bootMs }
    if (bootMs >= limitSeconds * 1000) return { proof: null, reason: silence(wants, watched) }
    if (performance.now() - stateAt > stateEveryMs) {
      stateAt = performance.now()
      const end = endOf(await host.readVm(vm))
      if (end) return { proof: null, reason: end }
    }
    await pause(lookMs, signal)
  }
}

const wantedOf = ({ proof, hasAgent, serial }: Watched) => ({
  agent: proof !== 'serial' && hasAgent,
  serial: proof !== 'agent' && serial !== null,
})

const lackOf = ({ proof }: Watched) =>
  proof === 'agent'
    ? 'channel to a guest agent'
    : proof === 'serial'
      ? 'serial console'
      : 'guest agent and no serial console'

function silence(wants: { agent: boolean; serial: boolean }, { limitSeconds, serialText }: Watched): string {
  const printed = `its serial console printed no “${serialText}”`
  const within = `Within ${limitSeconds} s`
  if (!wants.agent) return `${within} ${printed}.`
  return `${within} its guest agent did not answer${wants.serial ? `, and ${printed}` : ''}.`
}

function endOf(vm: Awaited<ReturnType<HypervisorHost['readVm']>>): string | null {
  if (!vm) return 'It went from its host while it booted.'
  const why = vm.stateReason ? ` (${vm.stateReason})` : ''
  if (vm.state === 'off') return `It went off while it booted${why}.`
  if (vm.state === 'crashed') return `It crashed while it booted${why}.`
  if (vm.state === 'paused') return `It stood still while it booted${why}.`
  return null
}

/** Asks the agent again and again, beside whoever looks: an answer may take its time. */
class AgentAsking {
  readonly #host: HypervisorHost
  readonly #vm: string
  #asking = false
  #askedAt = Number.NEGATIVE_INFINITY
  #up = false

  constructor(host: HypervisorHost, vm: string) {
    this.#host = host
    this.#vm = vm
  }

  isUp(): boolean {
    const now = performance.now()
    if (!this.#up && !this.#asking && now - this.#askedAt > agentEveryMs) {
      this.#asking = true
      this.#askedAt = now
      void this.#ask()
    }
    return this.#up
  }

  /** A host that is gone is noticed where its VM is read. */
  async #ask() {
    try {
      this.#up = await this.#host.agentPing(this.#vm)
    } catch {
      this.#up = false
    } finally {
      this.#asking = false
    }
  }
}
