import {
  agentState,
  definedDetail,
  domainState,
  pausedReason,
  runningReason,
  shutOffReason,
  stoppedDetail,
} from '#server/libvirt/value.ts'
import { notNow, notRunning, Refusal } from '../refusal.ts'
import { normalDefinition } from './definition.ts'
import type { Host } from './host.ts'
import { Vm } from './vm.ts'

/** How long a guest takes from its start to its agent's answer, and from the power button to its end. */
export const bootMs = 3000
const shutDownMs = 1500
const startedBooted = 0
const pausedByPerson = 0
const resumedByPerson = 0
const shutDownByGuest = 1
const shutDownByHost = 2

/** Runs `then` later, unless the VM was stopped or started anew meanwhile. */
function later(host: Host, vm: Vm, ms: number, then: () => void) {
  const { id } = vm
  setTimeout(() => {
    if (host.isOn && vm.id === id && host.vms.get(vm.uuid) === vm) then()
  }, ms).unref()
}

export function setAgent(host: Host, vm: Vm, connected: boolean) {
  if (!vm.shape.hasAgentChannel || vm.agentConnected === connected) return
  vm.agentConnected = connected
  const state = connected ? agentState.connected : agentState.disconnected
  host.tell('domainAgentLifecycle', { domain: vm.handle, state, reason: 2 })
}

function boot(host: Host, vm: Vm) {
  later(host, vm, bootMs, () => {
    if (vm.isRunning) setAgent(host, vm, true)
  })
}

export function start(host: Host, vm: Vm, paused = false) {
  if (vm.isActive) throw notNow('domain is already running')
  host.reserve(vm.shape.memoryKiB)
  vm.begin(host.takeId(), vm.definition)
  if (paused) {
    vm.pause(pausedReason.user)
    host.tellLife(vm, 'started', startedBooted)
    host.tellLife(vm, 'suspended', pausedByPerson)
    return
  }
  vm.continue(runningReason.booted)
  host.tellLife(vm, 'resumed', resumedByPerson)
  host.tellLife(vm, 'started', startedBooted)
  boot(host, vm)
}

/** @throws Refusal while it is off */
export function mustRun(vm: Vm) {
  if (!vm.isActive) throw notRunning()
}

/** @throws Refusal without a guest agent that answers */
export function mustHaveAgent(vm: Vm) {
  mustRun(vm)
  if (!vm.shape.hasAgentChannel) {
    throw new Refusal('argumentUnsupported', 'argument unsupported: QEMU guest agent is not configured')
  }
  if (!vm.agentConnected || !vm.isRunning) {
    throw new Refusal('agentUnresponsive', 'Guest agent is not responding: QEMU guest agent is not connected')
  }
}

export function suspend(host: Host, vm: Vm) {
  mustRun(vm)
  if (vm.state === domainState.paused) return
  vm.pause(pausedReason.user)
  host.tellLife(vm, 'suspended', pausedByPerson)
}

export function resume(host: Host, vm: Vm) {
  mustRun(vm)
  if (vm.state === domainState.running) return
  vm.continue(runningReason.resumed)
  host.tellLife(vm, 'resumed', resumedByPerson)
  if (!vm.agentConnected) boot(host, vm)
}

function remove(host: Host, vm: Vm, reason: number, detail: number) {
  vm.job?.abort()
  if (!vm.isActive) return
  vm.end(reason)
  host.tellLife(vm, 'stopped', detail)
  if (!vm.isPersistent) host.vms.delete(vm.uuid)
}

export function forceOff(host: Host, vm: Vm) {
  mustRun(vm)
  host.tellLife(vm, 'shutDown', shutDownByHost)
  remove(host, vm, shutOffReason.destroyed, stoppedDetail.destroyed)
}

/** Presses the power button; the guest takes its time. */
export function shutDown(host: Host, vm: Vm) {
  if (!vm.isActive) throw notRunning('qemu')
  if (!vm.isRunning) return
  later(host, vm, shutDownMs, () => {
    if (!vm.isRunning) return
    host.tellLife(vm, 'shutDown', shutDownByGuest)
    remove(host, vm, shutOffReason.shutDown, stoppedDetail.shutDown)
  })
}

export function reboot(host: Host, vm: Vm, afterMs: number = shutDownMs) {
  mustRun(vm)
  later(host, vm, afterMs, () => {
    if (!vm.isRunning) return
    setAgent(host, vm, false)
    host.tell('domainReboot', { domain: vm.handle })
    boot(host, vm)
  })
}

/** Keeps a definition; a running VM takes it at its next start. @throws Refusal */
export function define(host: Host, source: string): Vm {
  const root = normalDefinition(source)
  const uuid = root.find('uuid')?.text.toLowerCase() ?? ''
  const name = root.find('name')?.text ?? ''
  const namesake = host.vmByName(name)
  if (namesake && namesake.uuid !== uuid) {
    const text = `operation failed: domain '${name}' already exists with uuid ${namesake.uuid}`
    throw new Refusal('operationFailed', text, 'domainConfig')
  }
  const present = host.vms.get(uuid)
  if (present && present.name !== name) {
    const text = `operation failed: domain '${present.name}' is already defined with uuid ${uuid}`
    throw new Refusal('operationFailed', text, 'domainConfig')
  }
  const definition = root.toString()
  const vm = present ?? new Vm({ uuid, name, definition })
  vm.definition = definition
  vm.isPersistent = true
  host.vms.set(uuid, vm)
  host.tellLife(vm, 'defined', present ? definedDetail.updated : definedDetail.added)
  return vm
}

/** Starts a VM that is gone once it stops. @throws Refusal */
export function create(host: Host, source: string, paused: boolean): Vm {
  const root = normalDefinition(source)
  const uuid = root.find('uuid')?.text.toLowerCase() ?? ''
  const name = root.find('name')?.text ?? ''
  const present = host.vms.get(uuid) ?? host.vmByName(name)
  if (present?.isActive) {
    throw new Refusal('operationInvalid', `operation failed: domain '${name}' is already active`, 'domain')
  }
  const vm = present ?? new Vm({ uuid, name, definition: root.toString() })
  if (!present) vm.isPersistent = false
  host.vms.set(uuid, vm)
  try {
    start(host, vm, paused)
  } catch (error) {
    if (!vm.isPersistent) host.vms.delete(uuid)
    throw error
  }
  return vm
}

export function undefine(host: Host, vm: Vm) {
  if (!vm.isPersistent) throw notNow('cannot undefine transient domain')
  vm.isPersistent = false
  vm.autostart = false
  if (!vm.isActive) host.vms.delete(vm.uuid)
  host.tellLife(vm, 'undefined', 0)
}
