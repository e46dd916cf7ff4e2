import { randomUUID } from 'node:crypto'
import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { powerState } from './state.ts'
import { buildProbeXml } from './xml/domain.ts'
import { readCapabilitiesXml } from './xml/host.ts'

/** The guest goes with our connection, whatever happens to us. */
const autoDestroy = 2
const watchMs = 1500
const pollMs = 150
/** The board's firmware alone takes more than this; a guest that does not run takes next to nothing. */
const provenCpuNs = 20_000_000n

export function acceleratorVerbs(session: Session): Pick<HypervisorHost, 'proveAccelerator'> {
  /** @returns null when guests run, else why not */
  async function trouble(accelerator: 'kvm' | 'emulation', options: CallOptions): Promise<string | null> {
    const step = 'start a probe guest'
    const { xml } = await session.read(step, 'connectGetCapabilities', {}, options)
    const uuid = randomUUID()
    const probe = { uuid, name: `skerry-probe-${uuid}`, accelerator, host: readCapabilitiesXml(xml) }
    const domain = { uuid }
    try {
      await session.change(step, 'domainCreateXml', { xml: buildProbeXml(probe), flags: autoDestroy }, options)
      const deadline = performance.now() + watchMs
      for (;;) {
        const { state: number, cpuTimeNs } = await session.read(step, 'domainGetInfo', { domain }, options)
        const { state } = powerState(number, 0)
        if (state !== 'running') return `a probe guest stopped by itself (${state.replace('_', ' ')})`
        if (cpuTimeNs >= provenCpuNs) return null
        if (performance.now() > deadline) return 'a probe guest was started but did not run'
        await new Promise((resolve) => setTimeout(resolve, pollMs))
      }
    } catch (error) {
      if (refusedWith(error, errorCode.noDomain)) return 'a probe guest ended at once'
      if (!refusedWith(error, ...Object.values(errorCode))) throw error
      return error instanceof Error ? error.message : String(error)
    } finally {
      await session.change('remove a probe guest', 'domainDestroyFlags', { domain }, options).catch(() => {})
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
      throw session.refuse('unavailable', 'run a guest', `${noKvm}; ${noEmulation}`, 'Check QEMU on the host.')
    },
  }
}
