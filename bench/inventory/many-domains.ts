import { Daemon } from '#server/libvirt/testing/daemon.ts'

/** libvirt's test driver keeps the domains in the daemon's memory for as long as somebody is connected. */
export const testUri = 'test:///default'

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
export const domainName = (index: number) => `vm-${String(index).padStart(4, '0')}`

function definition(index: number): string {
  const mac = (card: number) =>
    `52:54:0${card}:${hex((index >> 16) & 255, 2)}:${hex((index >> 8) & 255, 2)}:${hex(index & 255, 2)}`
  const disk = (target: string) =>
    `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/images/${domainName(index)}-${target}.qcow2'/><target dev='${target}' bus='virtio'/></disk>`
  const card = (number: number) =>
    `<interface type='bridge'><mac address='${mac(number)}'/><source bridge='br${number}'/><model type='virtio'/></interface>`
  return `<domain type='test'><name>${domainName(index)}</name><uuid>00000000-0000-4000-8000-${hex(index, 12)}</uuid>
    <memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type>hvm</type></os>
    <devices>${disk('vda')}${disk('vdb')}${card(0)}${card(1)}<graphics type='vnc' port='-1' autoport='yes'/></devices></domain>`
}

/** A daemon of its own with so many persistent domains, nine tenths of them running; `close` removes it. */
export async function manyDomains(count: number) {
  const daemon = await Daemon.start()
  const keeper = await daemon.connect(testUri)
  const close = async () => {
    await keeper.close()
    await daemon.remove()
  }
  try {
    for (let first = 0; first < count; first += 100) {
      await Promise.all(
        Array.from({ length: Math.min(100, count - first) }, async (_, offset) => {
          const index = first + offset
          const { domain } = await keeper.call('domainDefineXmlFlags', { xml: definition(index) })
          if (index % 10 < 9) await keeper.call('domainCreateWithFlags', { domain })
        }),
      )
    }
    return { daemon, keeper, close }
  } catch (error) {
    await close()
    throw error
  }
}
