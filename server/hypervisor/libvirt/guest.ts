import { buffer } from 'node:stream/consumers'
import { errorCode } from '../../libvirt/error.ts'
import type { HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import { freeze, thaw } from './freeze.ts'
import type { Session } from './session.ts'

type GuestVerbs = Pick<
  HypervisorHost,
  'agentPing' | 'agentCommand' | 'freezeFileSystems' | 'thawFileSystems' | 'openConsole' | 'screenshot'
>

const consoleFlag = { force: 1 } as const
const agentWaitSeconds = 3
/** A command may work; the call itself ends a little later than the guest's time. */
const commandWaitSeconds = 30

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

    async agentCommand(vm, command, options = {}) {
      const step = `have the guest agent do ${command.execute}`
      const args = { domain: { uuid: vm }, command: JSON.stringify(command), timeoutSeconds: commandWaitSeconds }
      const limits = { timeoutMs: (commandWaitSeconds + 5) * 1000, ...options }
      const { result } = await session.long(step, 'qemuDomainAgentCommand', args, limits)
      try {
        const answer: { return?: unknown } = JSON.parse(result ?? '{}')
        return answer.return
      } catch {
        throw session.refuse('unavailable', step, 'its answer can not be read', 'Update the guest agent in the VM.')
      }
    },

    freezeFileSystems: (vm, options = {}) => freeze(session, vm, options),
    thawFileSystems: (vm, options = {}) => thaw(session, vm, options),

    async openConsole(vm, options = {}) {
      const args = { domain: { uuid: vm }, device: null, flags: consoleFlag.force }
      const { stream } = await session.stream('listen to the serial console', 'domainOpenConsole', args, options)
      // A VM that ends, or its host, ends the reading too: that is no failure of whoever reads.
      stream.on('error', () => undefined)
      return { bytes: stream, close: () => stream.destroy() }
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
