import { createHash } from 'node:crypto'
import { FLEET_NETWORK } from '#lab/host-config.ts'
import { KERNEL_ARGUMENTS } from './disk.ts'

export interface GuestSettings {
  name: string
  uuid: string
  /** `kvm` where it works, else `qemu`: software emulation. */
  accelerator: 'kvm' | 'qemu'
  memoryMib: number
  vcpus: number
  /** Path on the host of the disk it boots from. */
  diskPath: string
  /** Path on the host of a seed disc, if it has one. */
  seedPath?: string
  /** Static address with prefix length; without one the guest asks the lab's DHCP server. */
  address?: string
  /** A command for the guest to run at boot, such as `load wave`. */
  command?: string
  /** What its host gives it to start with; without it, its BIOS finds that on its disk. */
  kernel?: { kernelPath: string; initrdPath: string }
}

/** The same name always gives the same UUID, so that a guest defined again is the same guest. */
export function stableUuid(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `${variant}${hex.slice(18, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

/** An address in QEMU's own range, the same for the same UUID. */
export function stableMac(uuid: string): string {
  const hex = createHash('sha256').update(uuid).digest('hex')
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`
}

/** The serial log of a guest, on its host. */
export function serialLogPath(name: string): string {
  return `/var/log/libvirt/qemu/${name}-serial.log`
}

/** libvirt's definition of a lab guest: boot from its disk or by its host, serial console, VNC, balloon statistics, guest agent. */
export function guestXml(settings: GuestSettings): string {
  const { accelerator, name, uuid } = settings
  const emulated = accelerator === 'qemu'
  const cpu = emulated ? `<cpu mode='custom' match='exact'><model>qemu64</model></cpu>` : `<cpu mode='host-model'/>`
  const seed = settings.seedPath
    ? `<disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      <source file='${escapeXml(settings.seedPath)}' startupPolicy='optional'/>
      <target dev='hdc' bus='ide'/>
      <readonly/>
    </disk>`
    : ''
  return `<domain type='${accelerator}'>
  <name>${escapeXml(name)}</name>
  <uuid>${uuid}</uuid>
  <memory unit='MiB'>${settings.memoryMib}</memory>
  <vcpu>${settings.vcpus}</vcpu>
  ${settings.seedPath ? '' : smbios(settings)}
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    ${settings.kernel ? kernel(settings.kernel) : ''}
    <boot dev='hd'/>
    ${settings.seedPath ? '' : "<smbios mode='sysinfo'/>"}
  </os>
  <features><acpi/>${emulated ? "<tcg><tb-cache unit='MiB'>32</tb-cache></tcg>" : ''}</features>
  ${cpu}
  <clock offset='utc'><timer name='hpet' present='no'/></clock>
  <on_crash>restart</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' discard='unmap'/>
      <source file='${escapeXml(settings.diskPath)}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    ${seed}
    <controller type='usb' model='none'/>
    <interface type='network'>
      <mac address='${stableMac(uuid)}'/>
      <source network='${FLEET_NETWORK}'/>
      <model type='virtio'/>
      <rom enabled='no'/>
    </interface>
    <serial type='pty'>
      <log file='${escapeXml(serialLogPath(name))}' append='on'/>
      <target port='0'/>
    </serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <graphics type='vnc' port='-1' autoport='yes' websocket='-1' listen='0.0.0.0'/>
    <video><model type='vga' vram='2048'/></video>
    <memballoon model='virtio'><stats period='5'/></memballoon>
  </devices>
</domain>
`
}

function kernel({ kernelPath, initrdPath }: NonNullable<GuestSettings['kernel']>): string {
  return `<kernel>${escapeXml(kernelPath)}</kernel><initrd>${escapeXml(initrdPath)}</initrd><cmdline>${KERNEL_ARGUMENTS}</cmdline>`
}

/** The serial number is where cloud-init looks too; it moves with the guest, which a seed disc does not. */
function smbios(settings: GuestSettings): string {
  const parts = ['ds=nocloud', `h=${settings.name}`]
  if (settings.address) parts.push(`address=${settings.address}`)
  if (settings.command) parts.push(`run=${settings.command}`)
  return `<sysinfo type='smbios'><system><entry name='serial'>${escapeXml(parts.join(';'))}</entry></system></sysinfo>`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;')
}
