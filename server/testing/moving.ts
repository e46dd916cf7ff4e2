import type { FleetHost, TestFleet } from './fleet.ts'

/** What lies in a host's usual pool and begins with the name. */
export const filesOf = async (host: FleetHost, name: string): Promise<string[]> =>
  (await host.lab.run('ls', '/var/lib/libvirt/images')).split('\n').filter((file) => file.startsWith(name))

/** Asks for a VM's move from one host of the fleet to another. */
export const askMove = (
  fleet: TestFleet,
  vm: { id: string; name: string },
  from: FleetHost,
  to: FleetHost,
  more = {},
) =>
  fleet.ask({
    ...{ kind: 'migrate-vm', target: { kind: 'vm', id: vm.id, name: vm.name }, tenantId: null },
    ...{ hostId: from.id, destinationHostId: to.id, input: { destinationHostId: to.id, ...more } },
  })

/** What virsh prints on a host, without empty lines. */
export const linesOf = async (host: FleetHost, ...command: string[]): Promise<string[]> =>
  (await host.lab.virsh(...command)).split('\n').filter(Boolean)

export const snapshotsOf = (host: FleetHost, name: string) => linesOf(host, 'snapshot-list', name, '--name')

/** The file that a disk is, by its host's word; empty when there is none. */
export const sourceOf = async (host: FleetHost, name: string, target = 'vda'): Promise<string> => {
  const disks = (await linesOf(host, 'domblklist', name)).map((line) => line.trim().split(/\s+/))
  return disks.find(([at]) => at === target)?.[1] ?? ''
}

interface Layer {
  filename: string
  format: string
  'full-backing-filename'?: string
}

/** What a disk stands on by its files' own word, nearest first and itself before all. */
export const layersOf = async (host: FleetHost, path: string): Promise<Layer[]> =>
  JSON.parse(await host.lab.run('qemu-img', 'info', '-U', '--backing-chain', '--output', 'json', path))

/** Asks that what an operation on a VM left behind is cleaned up. */
export const askCleanUp = (fleet: TestFleet, vm: { id: string; name: string }, host: FleetHost, operationId: string) =>
  fleet.ask({
    ...{ kind: 'undo-operation', target: { kind: 'vm', id: vm.id, name: vm.name }, tenantId: null },
    ...{ hostId: host.id, input: { operationId } },
  })

/** With its reason, as “running (restored)”. */
export const stateOf = async (host: FleetHost, name: string): Promise<string> =>
  (await host.lab.virsh('domstate', name, '--reason')).trim()
