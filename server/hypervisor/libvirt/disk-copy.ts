import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from '../../libvirt/error.ts'
import { blockCopyFlag, blockJobAbortFlag } from '../../libvirt/flag.ts'
import type { DiskCopyReading } from '../disk-copy.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { copyDestination, readDiskFiles } from './xml/disk-copy.ts'

type DiskCopyVerbs = Pick<HypervisorHost, 'beginDiskCopy' | 'readDiskCopy' | 'switchToDiskCopy' | 'abortDiskCopy'>

/** Ending one waits for what is on its way. */
const longMs = 60_000
const endPollMs = 100
/** libvirt lets jobs alone that a VM with a definition would not know any more after a restart; whoever begins one says so. */
const beginFlags = blockCopyFlag.reuseExternal | blockCopyFlag.transientJob

/** Copies of disks of running VMs, onto which those then go over. */
export function diskCopyVerbs(session: Session): DiskCopyVerbs {
  const step = 'copy a disk'

  async function filesOf(vm: string, target: string, options: CallOptions) {
    const { xml } = await session.read(step, 'domainGetXmlDesc', { domain: { uuid: vm } }, options)
    return readDiskFiles(xml, target)
  }

  return {
    async beginDiskCopy(vm, target, path, options = {}) {
      const destinationXml = copyDestination(path)
      const disk = { domain: { uuid: vm }, disk: target }
      const args = { ...disk, destinationXml, params: {}, flags: beginFlags }
      try {
        await session.long(step, 'domainBlockCopy', args, { timeoutMs: longMs, ...options })
      } catch (error) {
        // So libvirt says, among other things, that a job of another kind works on the disk.
        if (!refusedWith(error, errorCode.operationUnsupported)) throw error
        const { found } = await session.read(step, 'domainGetBlockJobInfo', { ...disk, flags: 0 }, options)
        if (!found) throw error
        const why = `something else works on the disk ${target}`
        throw session.refuse('conflict', step, why, 'Wait for its end, then try again.')
      }
    },

    async readDiskCopy(vm, target, options = {}): Promise<DiskCopyReading> {
      const { path, copy } = await filesOf(vm, target, options)
      if (!copy) return { path, copy }
      const args = { domain: { uuid: vm }, disk: target, flags: 0 }
      const job = await session.read(step, 'domainGetBlockJobInfo', args, options)
      return { path, copy: { ...copy, doneBytes: Number(job.current), totalBytes: Number(job.end) } }
    },

    async switchToDiskCopy(vm, target, options = {}) {
      const args = { domain: { uuid: vm }, disk: target, flags: blockJobAbortFlag.pivot }
      await session.long('switch to the copy of a disk', 'domainBlockJobAbort', args, { timeoutMs: longMs, ...options })
    },

    async abortDiskCopy(vm, target, path, options = {}) {
      const args = { domain: { uuid: vm }, disk: target, flags: 0 }
      const limits = { timeoutMs: longMs, ...options }
      const deadline = performance.now() + longMs
      for (;;) {
        const { copy } = await filesOf(vm, target, options)
        if (copy?.path !== path) return
        try {
          await session.long('stop copying a disk', 'domainBlockJobAbort', args, limits)
        } catch (error) {
          // It ends by itself just now.
          const isEnding = refusedWith(error, errorCode.operationInvalid, errorCode.blockCopyActive)
          if (!isEnding || performance.now() > deadline) throw error
          await delay(endPollMs)
        }
      }
    },
  }
}
