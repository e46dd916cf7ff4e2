import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions, EditResult, HypervisorHost, Power } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { isActive, powerState } from './state.ts'
import { readVmXml } from './xml/vm.ts'

type DefinitionVerbs = Pick<
  HypervisorHost,
  'define' | 'undefine' | 'power' | 'setAutostart' | 'setVcpus' | 'setMemory' | 'setNameAndNotes'
>

const defineFlag = { validate: 1 } as const
/** Managed save, snapshot metadata, NVRAM, checkpoint metadata. */
const undefineFlags = 1 | 2 | 4 | 16
const startFlag = { paused: 1 } as const
const shutdownFlag = { acpi: 1, agent: 2 } as const
export const affect = { live: 1, config: 2, maximum: 4 } as const
const metadataDescription = 0
/** An answer of the guest agent or a start can take a while. */
const longMs = 120_000

/** What runs now, and whether something remains when it stops: where an edit has to go. */
export async function lifeOf(session: Session, vm: string, step: string, options: CallOptions) {
  const domain = { uuid: vm }
  const [{ state, reason }, { persistent }] = await Promise.all([
    session.read(step, 'domainGetState', { domain }, options),
    session.read(step, 'domainIsPersistent', { domain }, options),
  ])
  const power = powerState(state, reason).state
  const active = isActive(power)
  return {
    active,
    paused: power === 'paused',
    persistent,
    flags: (active ? affect.live : 0) | (persistent ? affect.config : 0),
  }
}

/** A running VM refuses it for good, and not because of what was asked for. */
export const notWhileRunning = (error: unknown) =>
  refusedWith(error, errorCode.configUnsupported, errorCode.operationUnsupported, errorCode.argumentUnsupported)

/** Everything that makes, removes, switches and edits VMs. */
export function definitionVerbs(session: Session): DefinitionVerbs {
  const read = async (vm: string, options: CallOptions) =>
    readVmXml((await session.read('read a VM', 'domainGetXmlDesc', { domain: { uuid: vm } }, options)).xml)

  /** Makes an edit at once where that goes, else for the next start, for which the maximum is raised too. */
  async function resize(
    vm: string,
    step: string,
    options: CallOptions,
    set: (flags: number) => Promise<unknown>,
    canBeLive = true,
  ): Promise<EditResult> {
    const { active, persistent, flags } = await lifeOf(session, vm, step, options)
    try {
      const now = active && !canBeLive ? flags & ~affect.live : flags
      await set(now)
      return { live: active && canBeLive }
    } catch (error) {
      const tooMuch =
        notWhileRunning(error) || refusedWith(error, errorCode.invalidArgument, errorCode.operationInvalid)
      if (!persistent || !tooMuch) throw error
    }
    await set(affect.config | affect.maximum)
    await set(affect.config)
    return { live: false }
  }

  return {
    async define(xml, options) {
      await session.change('define a VM', 'domainDefineXmlFlags', { xml, flags: defineFlag.validate }, options)
    },

    async undefine(vm, options) {
      try {
        const args = { domain: { uuid: vm }, flags: undefineFlags }
        await session.change("remove a VM's definition", 'domainUndefineFlags', args, options)
      } catch (error) {
        if (!refusedWith(error, errorCode.noDomain)) throw error
      }
    },

    async power(vm: string, power: Power, options: CallOptions = {}) {
      const domain = { uuid: vm }
      const limits = { timeoutMs: longMs, ...options }
      switch (power.action) {
        case 'start': {
          const flags = power.paused ? startFlag.paused : 0
          await session.long('start a VM', 'domainCreateWithFlags', { domain, flags }, limits)
          return
        }
        case 'shutdown':
          await session.long('shut a VM down', 'domainShutdownFlags', { domain, flags: shutdownFlag[power.by] }, limits)
          return
        case 'reboot':
          await session.long('reboot a VM', 'domainReboot', { domain, flags: shutdownFlag[power.by] }, limits)
          return
        case 'reset':
          await session.change('reset a VM', 'domainReset', { domain, flags: 0 }, options)
          return
        case 'suspend':
          await session.change('suspend a VM', 'domainSuspend', { domain }, options)
          return
        case 'resume':
          await session.change('resume a VM', 'domainResume', { domain }, options)
          return
        case 'force-off':
          await session.long('force a VM off', 'domainDestroyFlags', { domain, flags: 0 }, limits)
      }
    },

    async setAutostart(vm, autostart, options) {
      const args = { domain: { uuid: vm }, autostart }
      await session.change("set a VM's start with the host", 'domainSetAutostart', args, options)
    },

    async setVcpus(vm, count, options = {}) {
      const step = "change a VM's vCPUs"
      const domain = { uuid: vm }
      // A CPU added to a running emulated guest can end it: its cache of translated code has no room for one more.
      const canBeLive = (await read(vm, options)).accelerator === 'kvm'
      return resize(
        vm,
        step,
        options,
        (flags) => session.change(step, 'domainSetVcpusFlags', { domain, vcpus: count, flags }, options),
        canBeLive,
      )
    },

    async setMemory(vm, bytes, options = {}) {
      const step = "change a VM's memory"
      const args = { domain: { uuid: vm }, memoryKiB: BigInt(Math.ceil(bytes / 1024)) }
      return resize(vm, step, options, (flags) =>
        session.change(step, 'domainSetMemoryFlags', { ...args, flags }, options),
      )
    },

    async setNameAndNotes(vm, name, notes, options = {}) {
      const domain = { uuid: vm }
      const { flags } = await lifeOf(session, vm, 'read a VM', options)
      const now = await read(vm, options)
      if (now.notes !== notes) {
        const args = { domain, type: metadataDescription, metadata: notes || null, flags }
        await session.change("write a VM's notes", 'domainSetMetadata', args, options)
      }
      if (now.name !== name) await session.change('rename a VM', 'domainRename', { domain, newName: name }, options)
    },
  }
}
