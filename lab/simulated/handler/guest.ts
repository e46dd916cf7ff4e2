import { createHash } from 'node:crypto'
import { addressSource } from '#server/libvirt/value.ts'
import { cardDevice } from '../model/definition.ts'
import { mustHaveAgent, mustRun } from '../model/power.ts'
import { screenPng } from '../model/screen.ts'
import { memoryOf } from '../model/stats.ts'
import type { Vm } from '../model/vm.ts'
import { invalidArgument, Refusal } from '../refusal.ts'
import type { Handlers } from './handler.ts'

const ipv4 = 0

/** An address of the guests' network, the same for the same card. */
function addressOf(mac: string): string {
  const [first = 0, second = 0] = createHash('sha256').update(mac).digest()
  return `10.90.${first}.${1 + (second % 254)}`
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  const days = Math.floor(minutes / 1440)
  const clock = `${Math.floor(minutes / 60) % 24}:${String(minutes % 60).padStart(2, '0')}`
  return days > 0 ? `${days} days ${clock}` : clock
}

function screenLines(vm: Vm): string[] {
  const { available, usable } = memoryOf(vm)
  const state = vm.isRunning ? 'up' : 'paused'
  return [
    `${state} ${duration(vm.ranMs)}`,
    `memory ${(available - usable) / 1024n} of ${available / 1024n} mib`,
    `counter ${Math.floor(vm.ranMs / 1000)}`,
    vm.isRunning ? 'login:' : '',
  ]
}

/** The guest's own answers to commands of its agent. */
function agentAnswer(vm: Vm, command: string): unknown {
  switch (command) {
    case 'guest-ping':
    case 'guest-sync':
      return {}
    case 'guest-get-host-name':
      return { 'host-name': vm.name }
    case 'guest-info':
      return { version: '7.2.0', supported_commands: [{ name: 'guest-ping', enabled: true, 'success-response': true }] }
    case 'guest-get-time':
      return Date.now() * 1_000_000
    default:
      throw new Refusal('agentCommandFailed', `guest agent command failed: The command ${command} has not been found`)
  }
}

function commandOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text)
    if (parsed && typeof parsed === 'object' && 'execute' in parsed) return String(parsed.execute)
  } catch {
    // Said below.
  }
  throw invalidArgument('the command is no JSON object with "execute"')
}

/** What reaches into guests. */
export const guestHandlers: Handlers = {
  qemuDomainAgentCommand({ domain, command }, { host }) {
    const vm = host.vm(domain.uuid)
    mustHaveAgent(vm)
    return { result: JSON.stringify({ return: agentAnswer(vm, commandOf(command)) }) }
  },
  domainGetHostname({ domain }, { host }) {
    const vm = host.vm(domain.uuid)
    mustHaveAgent(vm)
    return { hostname: vm.name }
  },
  domainInterfaceAddresses({ domain, source }, { host }) {
    const vm = host.vm(domain.uuid)
    mustRun(vm)
    if (source === addressSource.agent) mustHaveAgent(vm)
    const isUp = vm.ranMs > 2000
    const interfaces = vm.shape.macs.map((mac, index) => ({
      name: source === addressSource.agent ? `eth${index}` : cardDevice(vm.id, index),
      hardwareAddress: mac,
      addresses: isUp ? [{ type: ipv4, address: addressOf(mac), prefix: 16 }] : [],
    }))
    const loopback = {
      name: 'lo',
      hardwareAddress: '00:00:00:00:00:00',
      addresses: [{ type: ipv4, address: '127.0.0.1', prefix: 8 }],
    }
    return { interfaces: source === addressSource.agent ? [loopback, ...interfaces] : interfaces }
  },
  domainScreenshot({ domain }, caller) {
    const vm = caller.host.vm(domain.uuid)
    mustRun(vm)
    caller.openStream({ direction: 'download', chunks: [screenPng(vm.name, screenLines(vm))] })
    return { mimeType: 'image/png' }
  },
}
