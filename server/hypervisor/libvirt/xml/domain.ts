import { diskXml, interfaceXml, type NewDisk, type NewInterface } from './device.ts'
import { type Xml, xml } from './write.ts'

/** What the host offers guests; its facts serve. */
export interface GuestSupport {
  architecture: string
  machineTypes: readonly string[]
}

export interface NewVm {
  uuid: string
  name: string
  notes?: string
  vcpuCount: number
  /** How far CPUs can be added while it runs; the count when absent */
  maxVcpuCount?: number
  memoryBytes: number
  /** How far memory can grow while it runs; the size when absent */
  maxMemoryBytes?: number
  accelerator: 'kvm' | 'emulation'
  /** `host-model` moves between unequal hosts, `host-passthrough` is fastest; emulation has a model of its own */
  cpuMode?: 'host-model' | 'host-passthrough'
  disks: readonly NewDisk[]
  interfaces: readonly NewInterface[]
  /** Path of a NoCloud disc on the host */
  seedPath?: string
  /** Boots a kernel from files of the host instead of the disk's own loader */
  kernel?: { path: string; initrdPath?: string; commandLine: string }
  /** Where the screen listens on the host */
  screenAddress?: string
  host: GuestSupport
}

const kibibytes = (bytes: number) => Math.ceil(bytes / 1024)

/** q35 where the host has it, the older PC where not, else what the architecture calls its board. */
export function machineTypeOf(machineTypes: readonly string[]): string {
  const wanted = ['q35', 'pc', 'virt', 's390-ccw-virtio', 'pseries']
  return wanted.find((name) => machineTypes.includes(name)) ?? machineTypes[0] ?? 'pc'
}

function cpuXml(vm: Pick<NewVm, 'accelerator' | 'cpuMode'> & { host: Pick<GuestSupport, 'architecture'> }): Xml {
  if (vm.accelerator === 'kvm') {
    const mode = vm.cpuMode ?? 'host-model'
    return mode === 'host-model' ? xml('cpu', { mode }) : xml('cpu', { mode, migratable: 'on' })
  }
  if (vm.host.architecture !== 'x86_64') return xml('cpu', { mode: 'maximum' })
  return xml('cpu', { mode: 'custom', match: 'exact', check: 'none' }, xml('model', { fallback: 'forbid' }, 'qemu64'))
}

/** Without a limit the emulator's cache of translated code takes a quarter of the guest's memory, up to 1 GiB. */
const translationCache = () => xml('tcg', {}, xml('tb-cache', { unit: 'MiB' }, 16))

function bootXml(vm: NewVm, machine: string): Xml {
  return xml(
    'os',
    {},
    xml('type', { arch: vm.host.architecture, machine }, 'hvm'),
    vm.kernel && [
      xml('kernel', {}, vm.kernel.path),
      vm.kernel.initrdPath && xml('initrd', {}, vm.kernel.initrdPath),
      xml('cmdline', {}, vm.kernel.commandLine),
    ],
  )
}

/** Room for cards to be added while it runs: a q35 board only has the ports it was made with. */
const sparePorts = 8

function devicesXml(vm: NewVm, isQ35: boolean): Xml {
  // Guests made for clouds have a driver for virtio; for the board's own controllers some have none.
  const seed: NewDisk | null = vm.seedPath
    ? { target: 'sda', bus: 'scsi', device: 'cdrom', path: vm.seedPath, format: 'raw', optional: true }
    : null
  const firstDisk = vm.disks.find((disk) => disk.device === 'disk')
  return xml(
    'devices',
    {},
    vm.disks.map((disk) => diskXml(disk === firstDisk && !vm.kernel ? { bootOrder: 1, ...disk } : disk)),
    seed && [diskXml(seed), xml('controller', { type: 'scsi', model: 'virtio-scsi' })],
    isQ35 && [
      xml('controller', { type: 'pci', index: 0, model: 'pcie-root' }),
      Array.from({ length: vm.disks.length + vm.interfaces.length + sparePorts }, () =>
        xml('controller', { type: 'pci', model: 'pcie-root-port' }),
      ),
    ],
    xml('controller', { type: 'usb', model: 'none' }),
    vm.interfaces.map(interfaceXml),
    xml('serial', { type: 'pty' }, xml('target', { port: 0 })),
    xml('console', { type: 'pty' }, xml('target', { type: 'serial', port: 0 })),
    xml('channel', { type: 'unix' }, xml('target', { type: 'virtio', name: 'org.qemu.guest_agent.0' })),
    xml(
      'graphics',
      { type: 'vnc', port: -1, autoport: 'yes', websocket: -1 },
      xml('listen', { type: 'address', address: vm.screenAddress ?? '127.0.0.1' }),
    ),
    xml('video', {}, xml('model', { type: vm.host.architecture === 'x86_64' ? 'vga' : 'virtio' })),
    xml('memballoon', { model: 'virtio' }, xml('stats', { period: 2 })),
    xml('rng', { model: 'virtio' }, xml('backend', { model: 'random' }, '/dev/urandom')),
  )
}

/** The definition of a new VM: virtio devices, serial console, agent channel, screen, memory statistics. */
export function buildVmXml(vm: NewVm): string {
  const machine = machineTypeOf(vm.host.machineTypes)
  const maxVcpuCount = Math.max(vm.maxVcpuCount ?? 0, vm.vcpuCount)
  const maxMemoryBytes = Math.max(vm.maxMemoryBytes ?? 0, vm.memoryBytes)
  const isX86 = vm.host.architecture === 'x86_64'
  return xml(
    'domain',
    { type: vm.accelerator === 'kvm' ? 'kvm' : 'qemu' },
    xml('name', {}, vm.name),
    xml('uuid', {}, vm.uuid),
    vm.notes && xml('description', {}, vm.notes),
    xml('memory', { unit: 'KiB' }, kibibytes(maxMemoryBytes)),
    xml('currentMemory', { unit: 'KiB' }, kibibytes(vm.memoryBytes)),
    xml('vcpu', { placement: 'static', current: maxVcpuCount > vm.vcpuCount && vm.vcpuCount }, maxVcpuCount),
    bootXml(vm, machine),
    xml('features', {}, isX86 && [xml('acpi'), xml('apic')], vm.accelerator === 'emulation' && translationCache()),
    cpuXml(vm),
    xml('clock', { offset: 'utc' }),
    xml('on_poweroff', {}, 'destroy'),
    xml('on_reboot', {}, 'restart'),
    xml('on_crash', {}, 'destroy'),
    devicesXml(vm, machine.includes('q35')),
  ).text
}

export const probeNamePrefix = 'skerry-probe-'

/** A guest with nothing in it but the board's firmware, on the CPU that VMs get, to see whether it runs. */
export function buildProbeXml(probe: {
  uuid: string
  name: string
  accelerator: 'kvm' | 'emulation'
  host: GuestSupport
}): string {
  return xml(
    'domain',
    { type: probe.accelerator === 'kvm' ? 'kvm' : 'qemu' },
    xml('name', {}, probe.name),
    xml('uuid', {}, probe.uuid),
    xml('memory', { unit: 'MiB' }, 16),
    xml('vcpu', {}, 1),
    xml(
      'os',
      {},
      xml('type', { arch: probe.host.architecture, machine: machineTypeOf(probe.host.machineTypes) }, 'hvm'),
    ),
    probe.accelerator === 'emulation' && xml('features', {}, translationCache()),
    cpuXml(probe),
    xml('on_crash', {}, 'preserve'),
    xml('devices', {}, xml('controller', { type: 'usb', model: 'none' }), xml('memballoon', { model: 'none' })),
  ).text
}

const qemuNamespace = 'http://libvirt.org/schemas/domain/qemu/1.0'

/**
 * A guest that holds disks so that they can be written, and never runs. Lists pass it over, as they do probes. libvirt
 * calls a disk shareable only when it is raw; that QEMU's own server may write beside the device is said to QEMU itself.
 */
export function buildDiskHolderXml(plan: {
  holder: string
  disks: readonly { target: string; path: string; format: 'qcow2' | 'raw' }[]
}): string {
  const alias = (target: string) => `ua-${target}`
  return xml(
    'domain',
    { type: 'qemu', 'xmlns:qemu': qemuNamespace },
    xml('name', {}, `${probeNamePrefix}${plan.holder}`),
    xml('uuid', {}, plan.holder),
    xml('memory', { unit: 'MiB' }, 16),
    xml('os', {}, xml('type', {}, 'hvm')),
    xml('features', {}, translationCache()),
    xml(
      'devices',
      {},
      plan.disks.map(({ target, path, format }) =>
        diskXml({ target, bus: 'virtio', device: 'disk', path, format, alias: alias(target) }),
      ),
      xml('controller', { type: 'usb', model: 'none' }),
      xml('memballoon', { model: 'none' }),
    ),
    xml(
      'qemu:override',
      {},
      plan.disks.map(({ target }) =>
        xml(
          'qemu:device',
          { alias: alias(target) },
          xml('qemu:frontend', {}, xml('qemu:property', { name: 'share-rw', type: 'bool', value: 'true' })),
        ),
      ),
    ),
  ).text
}
