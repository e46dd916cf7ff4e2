import type { FleetHost } from './fleet.ts'

const imagesFolder = '/var/lib/libvirt/images'

/** What a host has of the VMs whose name begins so, read with virsh and ls, never through the product. */
export function judgeOf(host: FleetHost, prefix: string) {
  const lines = (text: string) => text.split('\n').filter((line) => line.startsWith(prefix))
  return {
    known: async () => lines(await host.lab.virsh('list', '--all', '--name')),
    running: async () => lines(await host.lab.virsh('list', '--name')),
    files: async () => lines(await host.lab.run('ls', imagesFolder)),
    /** But for whether the agent in its guest has come up: that is the guest's own doing. */
    async xml(name: string, ...flags: string[]): Promise<string> {
      const text = await host.lab.virsh('dumpxml', ...flags, name)
      return text.replace(/(name='org\.qemu\.guest_agent\.0') state='(dis)?connected'/, '$1')
    },
    /** Removes all of it */
    async clear() {
      for (const name of lines(await host.lab.virsh('list', '--all', '--name'))) {
        await host.lab.virsh('destroy', name).catch(() => undefined)
        await host.lab.virsh('undefine', name, '--snapshots-metadata', '--checkpoints-metadata')
      }
      for (const file of lines(await host.lab.run('ls', imagesFolder)))
        await host.lab.run('rm', `${imagesFolder}/${file}`)
    },
  }
}
