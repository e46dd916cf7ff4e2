import type { HypervisorHost } from '../driver.ts'
import type { Session } from './session.ts'
import { sharesBacking } from './xml/backing.ts'

type PullVerbs = Pick<HypervisorHost, 'beginPull' | 'readPull' | 'abortPull'>

const longMs = 60_000

/** Copies into a running VM's disk what it reads of others, so that it needs them no more. */
export function pullVerbs(session: Session): PullVerbs {
  const step = 'copy what a disk shares'
  return {
    async beginPull(vm, target, options = {}) {
      const args = { domain: { uuid: vm }, disk: target, bandwidth: 0n, flags: 0 }
      await session.long(step, 'domainBlockPull', args, { timeoutMs: longMs, ...options })
    },

    async readPull(vm, target, options = {}) {
      const domain = { uuid: vm }
      const job = await session.read(step, 'domainGetBlockJobInfo', { domain, disk: target, flags: 0 }, options)
      if (job.found) return { state: 'running', doneBytes: Number(job.current), totalBytes: Number(job.end) }
      const { xml } = await session.read('read a VM', 'domainGetXmlDesc', { domain }, options)
      return { state: sharesBacking(xml, target) ? 'shares' : 'own' }
    },

    async abortPull(vm, target, options = {}) {
      const args = { domain: { uuid: vm }, disk: target, flags: 0 }
      const job = await session.read(step, 'domainGetBlockJobInfo', args, options)
      if (job.found) {
        await session.long('stop copying', 'domainBlockJobAbort', args, { timeoutMs: longMs, ...options })
      }
    },
  }
}
