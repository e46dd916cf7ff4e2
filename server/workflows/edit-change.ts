import { sizeText } from '#server/core/size-text.ts'
import type { HypervisorHost } from '#server/hypervisor/driver.ts'
import { diskXml, interfaceXml, macOf } from '#server/hypervisor/libvirt/xml/device.ts'
import { readVmXml } from '#server/hypervisor/libvirt/xml/vm.ts'
import type { EditVmInput } from '#server/schema/vm-action.ts'

/** One change; a second run of `make` finds it done. @returns whether it is in force now */
export interface Change {
  what: string
  make(host: HypervisorHost): Promise<boolean>
}

interface Vm {
  uuid: string
  name: string
  notes: string
}

/** The changes in the order in which they are made: what needs no guest first. */
export function changesOf(
  input: EditVmInput,
  vm: Vm,
  added: readonly { target: string; path: string }[],
  operationId: string,
): readonly Change[] {
  return [...plainChanges(input, vm), ...diskChanges(input, vm, added), ...cardChanges(input, vm, operationId)]
}

function plainChanges(input: EditVmInput, vm: Vm): Change[] {
  const { name, notes, autostart, vcpuCount, memoryBytes } = input
  const changes: Change[] = []
  const add = (what: string, make: Change['make']) => changes.push({ what, make })
  if (name !== undefined || notes !== undefined) {
    const what = name === undefined ? 'write its notes' : `rename it to ${name}`
    add(what, async (host) => {
      const now = await host.readVm(vm.uuid)
      await host.setNameAndNotes(vm.uuid, name ?? now?.name ?? vm.name, notes ?? now?.notes ?? vm.notes)
      return true
    })
  }
  if (autostart !== undefined) {
    add(autostart ? 'start it with its host' : 'not start it with its host', async (host) => {
      await host.setAutostart(vm.uuid, autostart)
      return true
    })
  }
  if (vcpuCount !== undefined) {
    add(`give it ${vcpuCount} vCPUs`, async (host) => (await host.setVcpus(vm.uuid, vcpuCount)).live)
  }
  if (memoryBytes !== undefined) {
    const what = `give it ${sizeText(memoryBytes)} of memory`
    add(what, async (host) => (await host.setMemory(vm.uuid, memoryBytes)).live)
  }
  return changes
}

/** What it has now, and what it will have from the next start on: a run that was broken off took away one of them alone. */
export async function nowAndNext(host: HypervisorHost, uuid: string) {
  const now = await host.readVm(uuid, { withNext: true })
  const next = now?.nextXml ? readVmXml(now.nextXml) : null
  return {
    disks: [...(now?.disks ?? []), ...(next?.disks ?? [])],
    interfaces: [...(now?.interfaces ?? []), ...(next?.interfaces ?? [])],
  }
}

function diskChanges(input: EditVmInput, vm: Vm, added: readonly { target: string; path: string }[]): Change[] {
  const has = async (host: HypervisorHost, target: string) =>
    (await host.readVm(vm.uuid))?.disks.some((disk) => disk.target === target) ?? false
  const device = (target: string, path: string | null) =>
    diskXml({ target, bus: 'virtio', device: 'disk', path, format: 'qcow2' }).text
  return [
    ...added.map(({ target, path }) => ({
      what: `add the disk ${target}`,
      make: async (host: HypervisorHost) =>
        (await has(host, target)) || (await host.attachDevice(vm.uuid, device(target, path))).live,
    })),
    ...(input.resizeDisks ?? []).map(({ target, sizeBytes }) => ({
      what: `resize the disk ${target}`,
      make: async (host: HypervisorHost) => (await host.resizeDisk(vm.uuid, target, sizeBytes)).live,
    })),
    ...(input.removeDisks ?? []).map((target) => ({
      what: `remove the disk ${target}`,
      make: async (host: HypervisorHost) => {
        const disk = (await nowAndNext(host, vm.uuid)).disks.find((each) => each.target === target)
        return !disk || (await host.detachDevice(vm.uuid, device(target, disk.source))).live
      },
    })),
  ]
}

function cardChanges(input: EditVmInput, vm: Vm, operationId: string): Change[] {
  const card = (mac: string, network: string) => interfaceXml({ mac, source: { network } }).text
  const find = async (host: HypervisorHost, mac: string) =>
    (await host.readVm(vm.uuid))?.interfaces.find((each) => each.mac === mac)
  const remove = async (host: HypervisorHost, mac: string) => {
    const its = (await nowAndNext(host, vm.uuid)).interfaces.find((each) => each.mac === mac)
    return !its || (await host.detachDevice(vm.uuid, card(mac, its.networkName ?? ''))).live
  }
  const plug = async (host: HypervisorHost, mac: string, network: string) =>
    (await find(host, mac)) !== undefined || (await host.attachDevice(vm.uuid, card(mac, network))).live
  return [
    ...(input.removeInterfaces ?? []).map((mac) => ({
      what: `remove the network card ${mac}`,
      make: (host: HypervisorHost) => remove(host, mac),
    })),
    ...(input.changeInterfaces ?? []).map(({ mac, network }) => ({
      what: `plug the network card ${mac} into ${network}`,
      make: async (host: HypervisorHost) => {
        if ((await find(host, mac))?.networkName === network) return true
        const removed = await remove(host, mac)
        return (await plug(host, mac, network)) && removed
      },
    })),
    ...(input.addInterfaces ?? []).map(({ network }, index) => ({
      what: `add a network card in ${network}`,
      // The card's address is reckoned from the operation, so a second run finds it.
      make: (host: HypervisorHost) => plug(host, macOf(operationId, index), network),
    })),
  ]
}

/** Names of virtio disks that are not taken, in order. */
export function freeTargets(taken: readonly string[]): string[] {
  return Array.from({ length: 26 }, (_, index) => `vd${String.fromCharCode(97 + index)}`).filter(
    (target) => !taken.includes(target),
  )
}
