import { blockCopyFlag, blockJobAbortFlag } from '../../libvirt/flag.ts'
import type { DiskCopyReading } from '../disk-copy.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import type { Session } from './session.ts'
import { copyDestination, readDiskFiles } from './xml/disk-copy.ts'

type DiskCopyVerbs = Pick<HypervisorHost, 'beginDiskCopy' | 'readDiskCopy' | 'switchToDiskCopy' | 'abortDiskCopy'>

/** Ending one waits for what is on its way. */
const longMs = 60_000
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
      const args = { domain: { uuid: vm }, disk: target, destinationXml, params: {}, flags: beginFlags }
      await session.long(step, 'domainBlockCopy', args, { timeoutMs: longMs, ...options })
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
      const { copy } = await filesOf(vm, target, options)
      if (copy?.path !== path) return
      const args = { domain: { uuid: vm }, disk: target, flags: 0 }
      await session.long('stop copying a disk', 'domainBlockJobAbort', args, { timeoutMs: longMs, ...options })
    },
  }
}
