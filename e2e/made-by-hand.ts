import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { virsh } from './fleet.ts'

/** Where VMs are made outside the console, and of what. */
const host = 'oslo-1'
const pattern = 'desktop-cleo'

/** Has virsh define a VM that is off and has no disk. */
export async function makeByHand(name: string): Promise<void> {
  const xml = (await virsh(host, 'dumpxml', pattern, '--inactive'))
    .replace(/<name>.*<\/name>/, `<name>${name}</name>`)
    .replace(/<uuid>.*<\/uuid>/, '')
    .replaceAll(/<mac address=.*\/>/g, '')
    .replaceAll(/<disk [\s\S]*?<\/disk>/g, '')
  const folder = await mkdtemp('/tmp/skerry-e2e-xml-')
  try {
    await writeFile(`${folder}/vm.xml`, xml)
    await virsh(host, 'define', `${folder}/vm.xml`)
  } finally {
    await rm(folder, { recursive: true })
  }
}

export const removeByHand = (name: string) => virsh(host, 'undefine', name)
