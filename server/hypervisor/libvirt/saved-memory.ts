import { errorCode } from '../../libvirt/error.ts'
import { saveFlag, xmlFlag } from '../../libvirt/flag.ts'
import type { HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { readVmXml } from './xml/vm.ts'

type SavedMemoryVerbs = Pick<HypervisorHost, 'saveMemory' | 'readSavedMemory' | 'restoreMemory'>

/** A large memory is written, or read, as fast as the disk goes. */
const memoryMs = 2 * 3_600_000

/** Putting a VM's memory into a file of the host, and going on from there. */
export function savedMemoryVerbs(session: Session): SavedMemoryVerbs {
  return {
    async saveMemory(vm, path, options = {}) {
      const args = { domain: { uuid: vm }, path }
      await session.long("save a VM's memory", 'domainSaveFlags', args, { timeoutMs: memoryMs, ...options })
    },

    async readSavedMemory(path, options = {}) {
      const args = { path, flags: xmlFlag.secure }
      try {
        const { xml } = await session.read("read a VM's saved memory", 'domainSaveImageGetXmlDesc', args, options)
        return { uuid: readVmXml(xml).uuid, xml }
      } catch (error) {
        // What was broken off is marked as such by libvirt itself.
        if (refusedWith(error, errorCode.operationFailed)) return null
        throw error
      }
    },

    async restoreMemory(path, { xml, paused = false } = {}, options = {}) {
      const args = { path, xml, flags: paused ? saveFlag.paused : 0 }
      const limits = { timeoutMs: memoryMs, ...options }
      await session.long('have a VM go on from its saved memory', 'domainRestoreFlags', args, limits)
    },
  }
}
