import { errorCode } from '../../libvirt/error.ts'
import { saveFlag, xmlFlag } from '../../libvirt/flag.ts'
import type { HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { storageVerbs } from './storage.ts'
import { readVmXml } from './xml/vm.ts'

type SavedMemoryVerbs = Pick<HypervisorHost, 'saveMemory' | 'readSavedMemory' | 'isSaveBrokenOff' | 'restoreMemory'>

/** A large memory is written, or read, as fast as the disk goes. */
const memoryMs = 2 * 3_600_000

/** What libvirt begins a file with, until the whole memory is in it. */
const brokenOff = Buffer.from('LibvirtQemudPart')

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
        return readVmXml(xml)
      } catch (error) {
        if (refusedWith(error, errorCode.operationFailed)) return null
        throw error
      }
    },

    async isSaveBrokenOff({ pool, name }, options = {}) {
      const read: Uint8Array[] = []
      const limits = { ...options, lengthBytes: brokenOff.length }
      for await (const chunk of storageVerbs(session).downloadVolume(pool, name, limits)) read.push(chunk)
      const beginning = Buffer.concat(read)
      return beginning.length === 0 || beginning.equals(brokenOff)
    },

    async restoreMemory(path, { xml, paused = false } = {}, options = {}) {
      const args = { path, xml, flags: paused ? saveFlag.paused : 0 }
      const limits = { timeoutMs: memoryMs, ...options }
      await session.long('have a VM go on from its saved memory', 'domainRestoreFlags', args, limits)
    },
  }
}
