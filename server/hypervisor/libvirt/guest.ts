import { buffer } from 'node:stream/consumers'
import { errorCode } from '../../libvirt/error.ts'
import type { HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'

type GuestVerbs = Pick<HypervisorHost, 'agentPing' | 'screenshot'>

const agentWaitSeconds = 3

/** What reaches into the guest. */
export function guestVerbs(session: Session): GuestVerbs {
  return {
    async agentPing(vm, options = {}) {
      const command = JSON.stringify({ execute: 'guest-ping' })
      const args = { domain: { uuid: vm }, command, timeoutSeconds: agentWaitSeconds }
      try {
        await session.slowRead('ask the guest agent', 'qemuDomainAgentCommand', args, options)
        return true
      } catch (error) {
        const silent = [
          errorCode.agentUnresponsive,
          errorCode.agentCommandTimeout,
          errorCode.agentUnsynced,
          errorCode.argumentUnsupported,
          errorCode.operationInvalid,
        ]
        if (refusedWith(error, ...silent)) return false
        throw error
      }
    },

    async screenshot(vm, options = {}) {
      const step = 'take a picture of the screen'
      const { stream, result } = await session.stream(
        step,
        'domainScreenshot',
        { domain: { uuid: vm }, screen: 0 },
        options,
      )
      try {
        return { mimeType: result.mimeType ?? 'image/x-portable-pixmap', bytes: await buffer(stream) }
      } catch (error) {
        throw session.explain(error, step, false)
      }
    },
  }
}
