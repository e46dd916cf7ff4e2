const card = (slot: number) => `
    <interface type='bridge'>
      <mac address='52:54:00:6b:3c:5${slot}'/>
      <source bridge='br${slot}'/>
      <target dev='vnet${slot}'/>
      <model type='virtio'/>
      <alias name='net${slot}'/>
      <address type='pci' domain='0x0000' bus='0x0${slot}' slot='0x00' function='0x0'/>
    </interface>`

const port = (index: number) => `
    <controller type='pci' index='${index}' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='${index}' port='0x1${index}'/>
      <alias name='pci.${index}'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x${index}' multifunction='on'/>
    </controller>`

/** A running VM's definition as long as libvirt writes them; `@name@`, `@uuid@` and `@secret@` stand for what differs. */
export const sampleXml = `<domain type='kvm' id='7'>
  <name>@name@</name>
  <uuid>@uuid@</uuid>
  <memory unit='KiB'>4194304</memory>
  <currentMemory unit='KiB'>4194304</currentMemory>
  <vcpu placement='static'>2</vcpu>
  <resource>
    <partition>/machine</partition>
  </resource>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <cpu mode='custom' match='exact' check='full'>
    <model fallback='forbid'>EPYC-Rome</model>
    <vendor>AMD</vendor>
    <feature policy='require' name='x2apic'/>
    <feature policy='require' name='hypervisor'/>
    <feature policy='disable' name='svm'/>
  </cpu>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/>
      <source file='/var/lib/libvirt/images/@uuid@.qcow2' index='1'/>
      <backingStore/>
      <target dev='vda' bus='virtio'/>
      <serial>@secret@</serial>
      <alias name='virtio-disk0'/>
      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
    </disk>${[1, 2, 3, 4, 5, 6, 7].map(port).join('')}${[1, 2].map(card).join('')}
    <channel type='unix'>
      <source mode='bind' path='/var/lib/libvirt/qemu/channel/target/domain-7-@name@/org.qemu.guest_agent.0'/>
      <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>
      <alias name='channel0'/>
      <address type='virtio-serial' controller='0' bus='0' port='1'/>
    </channel>
    <graphics type='vnc' port='5907' autoport='yes' listen='127.0.0.1'>
      <listen type='address' address='127.0.0.1'/>
    </graphics>
    <memballoon model='virtio'>
      <alias name='balloon0'/>
      <address type='pci' domain='0x0000' bus='0x05' slot='0x00' function='0x0'/>
    </memballoon>
  </devices>
</domain>
`
