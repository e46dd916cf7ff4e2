import { randomInt } from 'node:crypto'
import type { BackupExports, BackupPlan } from '../backup-plan.ts'

type Address = BackupExports['address']

/** A running VM. */
interface Domain {
  id: number
  name: string
}

const folder = '/var/lib/libvirt/qemu'
const shortLength = 20
const portAttempts = 4

/**
 * Where a VM's QEMU may listen, best first; the next is for when it can't. libvirt leaves the choice of a port to its
 * caller, who can't see which are free.
 * @param find the VM, which only the path of a socket has to do with
 */
export async function placesToListen(
  listen: BackupPlan['listen'],
  find: () => Promise<Domain>,
  ports: { first: number; last: number },
): Promise<Address[]> {
  if (listen === 'socket') return socketPaths(await find()).map((socketPath) => ({ socketPath }))
  const { host, port, tls } = listen
  if (port !== undefined) return [{ host, port, tls }]
  return Array.from({ length: portAttempts }, () => ({ host, port: randomInt(ports.first, ports.last + 1), tls }))
}

/**
 * In the folder that libvirt makes for a VM when it starts, labels as that VM's, and removes with all that is in it: the
 * only one of its own in which a QEMU may make a socket that AppArmor confines. libvirt's monitor.sock stands there too,
 * so a path with a shorter name is never too long.
 */
function socketPaths({ id, name }: Domain): string[] {
  // libvirt cuts names after so many letters; after bytes where its daemon's locale is not UTF-8.
  const byLetters = [...name].slice(0, shortLength).join('')
  const byBytes = Buffer.from(name).subarray(0, shortLength).toString()
  return [...new Set([byLetters, byBytes])].map((shortName) => `${folder}/domain-${id}-${shortName}/skerry.sock`)
}

/** Begins where it can. @throws what the last place said, or what `isOfPlace` says is no matter of the place */
export async function beginAt<T>(
  places: readonly Address[],
  begin: (address: Address) => Promise<T>,
  isOfPlace: (error: unknown) => boolean,
): Promise<T> {
  const [place, ...others] = places
  if (!place) throw new Error('there is no place to listen at')
  try {
    return await begin(place)
  } catch (error) {
    if (others.length === 0 || !isOfPlace(error)) throw error
    return beginAt(others, begin, isOfPlace)
  }
}
