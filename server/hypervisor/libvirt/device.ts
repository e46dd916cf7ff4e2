import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import { affect, lifeOf, notWhileRunning } from './definition.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { holdsDevice, readVmXml } from './xml/vm.ts'

type DeviceVerbs = Pick<HypervisorHost, 'attachDevice' | 'detachDevice' | 'resizeDisk'>

const sizeInBytes = 1
/** The guest has to let go of a device; libvirt itself waits some seconds. */
const releaseMs = 10_000
const pollMs = 200

/** Of a device that may be gone already. */
const unlessGone = (work: Promise<unknown>) =>
  work.catch((error: unknown) => {
    if (!refusedWith(error, errorCode.deviceMissing)) throw error
  })

/** Devices of VMs, at once where it goes, else from the next start on. */
export function deviceVerbs(session: Session): DeviceVerbs {
  async function isHeld(vm: string, deviceXml: string, options: CallOptions): Promise<boolean> {
    const { xml } = await session.read('read a VM', 'domainGetXmlDesc', { domain: { uuid: vm } }, options)
    return holdsDevice(xml, deviceXml)
  }

  /** @throws conflict when the guest holds on to it */
  async function untilReleased(vm: string, deviceXml: string, step: string, options: CallOptions): Promise<void> {
    const deadline = performance.now() + releaseMs
    while (await isHeld(vm, deviceXml, options)) {
      if (performance.now() > deadline) {
        throw session.refuse(
          'conflict',
          step,
          'the guest has not let go of it',
          'Unmount it inside the guest, or shut the VM down; then try again.',
        )
      }
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }

  return {
    async attachDevice(vm, deviceXml, options = {}) {
      const step = 'attach a device'
      const { active, persistent, flags } = await lifeOf(session, vm, step, options)
      const attach = (where: number) => {
        const args = { domain: { uuid: vm }, xml: deviceXml, flags: where }
        return session.change(step, 'domainAttachDeviceFlags', args, options)
      }
      try {
        await attach(flags)
        return { live: active }
      } catch (error) {
        if (!active || !persistent || !notWhileRunning(error)) throw error
        await attach(affect.config)
        return { live: false }
      }
    },

    async detachDevice(vm, deviceXml, options = {}) {
      const step = 'detach a device'
      const { active, paused, persistent } = await lifeOf(session, vm, step, options)
      const limits = { timeoutMs: 60_000, ...options }
      const detach = (flags: number) =>
        session.long(step, 'domainDetachDeviceFlags', { domain: { uuid: vm }, xml: deviceXml, flags }, limits)
      // A guest that stands still lets go of nothing.
      if (!active || (paused && persistent)) {
        await unlessGone(detach(affect.config))
        return { live: false }
      }
      try {
        await unlessGone(detach(affect.live))
      } catch (error) {
        if (!persistent || !notWhileRunning(error)) throw error
        await detach(affect.config)
        return { live: false }
      }
      await untilReleased(vm, deviceXml, step, options)
      // Last, so that a device that the guest holds on to stays the VM's.
      if (persistent) await unlessGone(detach(affect.config))
      return { live: true }
    },

    async resizeDisk(vm, target, bytes, options = {}) {
      const step = 'resize a disk'
      const { active } = await lifeOf(session, vm, step, options)
      if (active) {
        const args = { domain: { uuid: vm }, disk: target, size: BigInt(bytes), flags: sizeInBytes }
        await session.change(step, 'domainBlockResize', args, options)
        return { live: true }
      }
      const { xml } = await session.read('read a VM', 'domainGetXmlDesc', { domain: { uuid: vm } }, options)
      const path = readVmXml(xml).disks.find((disk) => disk.target === target)?.source
      if (!path) throw session.refuse('not-found', step, `the VM has no disk ${target}`, 'Look at its disks again.')
      const { volume } = await session.read(step, 'storageVolLookupByPath', { path }, options)
      await session.change(step, 'storageVolResize', { volume, capacityBytes: BigInt(bytes) }, options)
      return { live: false }
    },
  }
}
