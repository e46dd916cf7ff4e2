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
