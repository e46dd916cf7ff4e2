import { randomUUID } from 'node:crypto'
import { SkerryError } from '../../errors.ts'
import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { numberIn, stateIn, statsGroup } from './stats.ts'
import { buildProbeXml, probeNamePrefix } from './xml/domain.ts'
import { readCapabilitiesXml } from './xml/host.ts'

/** The guest goes with our connection, whatever happens to us. */
const autoDestroy = 2
const watchMs = 2500
const pollMs = 100
/** The firmware finds nothing to boot and halts: from then on its CPU takes next to nothing. */
const idleShare = 0.2

export function acceleratorVerbs(session: Session): Pick<HypervisorHost, 'proveAccelerator'> {
  /** Nanoseconds that the guest's CPU has run, without the emulator around it. */
  async function cpuTime(uuid: string, step: string, options: CallOptions) {
    const args = { domains: [{ uuid }], stats: statsGroup.state | statsGroup.vcpu }
    const { records } = await session.read(step, 'connectGetAllDomainStats', args, options)
    const params = records[0]?.params ?? {}
    return { state: stateIn(params).state, ran: numberIn(params, 'vcpu.0.time') }
  }

  /** Watches until the firmware came to its end (KVM takes milliseconds), or emulation did anything at all. */
  async function watch(uuid: string, accelerator: 'kvm' | 'emulation', step: string, options: CallOptions) {
    const start = performance.now()
    let before = { ran: 0, at: start }
    while (performance.now() - start < watchMs) {
      await new Promise((resolve) => setTimeout(resolve, pollMs))
      const { state, ran } = await cpuTime(uuid, step, options)
      const at = performance.now()
      if (state !== 'running') return `a probe guest stopped by itself (${state.replace('_', ' ')})`
      const share = (ran - before.ran) / 1e6 / (at - before.at)
      if (ran > 0 && (accelerator === 'emulation' || share < idleShare)) return null
      before = { ran, at }
    }
    return before.ran > 0
      ? "a probe guest's firmware did not come to its end in time: this KVM is no faster than emulation"
      : 'a probe guest was started but did not run'
  }

  /** @returns null when guests run, else why not */
  async function trouble(accelerator: 'kvm' | 'emulation', options: CallOptions): Promise<string | null> {
    const step = 'start a probe guest'
    const { xml } = await session.read(step, 'connectGetCapabilities', {}, options)
    const uuid = randomUUID()
    const probe = { uuid, name: `${probeNamePrefix}${uuid}`, accelerator, host: readCapabilitiesXml(xml) }
    try {
      await session.change(step, 'domainCreateXml', { xml: buildProbeXml(probe), flags: autoDestroy }, options)
      return await watch(uuid, accelerator, step, options)
    } catch (error) {
      if (refusedWith(error, errorCode.noDomain)) return 'a probe guest ended at once'
      if (!refusedWith(error, ...Object.values(errorCode))) throw error
      const text = error instanceof SkerryError ? (error.detail ?? error.message) : String(error)
      return text.replace(/\s+/g, ' ')
    } finally {
      await session.change('remove a probe guest', 'domainDestroyFlags', { domain: { uuid } }, options).catch(() => {})
    }
  }

  return {
    async proveAccelerator(options = {}) {
      const { xml } = await session.read('read what the host is', 'connectGetCapabilities', {}, options)
      const noKvm = readCapabilitiesXml(xml).kvmOffered
        ? await trouble('kvm', options)
        : 'The host offers no KVM: its CPU or firmware has virtualisation switched off, or /dev/kvm is missing.'
      if (noKvm === null) return { accelerator: 'kvm', reason: 'A probe guest ran on KVM.' }
      const noEmulation = await trouble('emulation', options)
      if (noEmulation === null) return { accelerator: 'emulation', reason: noKvm }
      const detail = `KVM: ${noKvm}; emulation: ${noEmulation}`
      throw session.refuse('unavailable', 'run a guest', 'no probe guest ran', 'Check QEMU on the host.', detail)
    },
  }
}
