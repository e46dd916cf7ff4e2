import { readdir, readFile, readlink } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'

const KINDS = ['net', 'mnt', 'pid', 'uts', 'ipc'] as const

/** The namespaces a process is in, as the kernel names them, without those this process is in itself. */
export async function ownNamespaces(pid: number): Promise<Set<string>> {
  const theirs = await namespacesOf(`${pid}`)
  const ours = new Set(await namespacesOf('self'))
  return new Set(theirs.filter((name) => !ours.has(name)))
}

/** Processes of this machine in any of the namespaces: number and name. */
export async function processesIn(namespaces: ReadonlySet<string>): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const inside = (await namespacesOf(pid)).some((name) => namespaces.has(name))
    if (inside) found.push(`${pid} ${(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim()}`)
  }
  return found
}

/** Lines of this machine's mount table that name the text. */
export async function mountsNaming(text: string): Promise<string[]> {
  return (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(text))
}

/** Links of this machine with an address that starts so, by the kernel's numbers: one made later has another, whatever its name. */
export async function linksWithAddress(prefix: string): Promise<number[]> {
  const names = Object.entries(networkInterfaces())
    .filter(([, addresses]) => addresses?.some((entry) => entry.address.startsWith(prefix)))
    .map(([name]) => name)
  return Promise.all(names.map(numberOf))
}

/** Those of the links that are still there. */
export async function linksLeft(links: readonly number[]): Promise<number[]> {
  const names = await readdir('/sys/class/net')
  const there = await Promise.all(names.map((name) => numberOf(name).catch(() => 0)))
  return links.filter((link) => there.includes(link))
}

const numberOf = async (link: string) => Number(await readFile(`/sys/class/net/${link}/ifindex`, 'utf8'))

async function namespacesOf(pid: string): Promise<string[]> {
  const names = await Promise.all(KINDS.map((kind) => readlink(`/proc/${pid}/ns/${kind}`).catch(() => '')))
  return names.filter((name) => name !== '')
}
