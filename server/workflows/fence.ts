import type { HypervisorHost } from '#server/hypervisor/driver.ts'

/** This worker could not say that it lives for so long that another may have its work: it must change nothing. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

const changes: ReadonlySet<string | symbol> = new Set([
  'define',
  'undefine',
  'power',
  'setAutostart',
  'setVcpus',
  'setMemory',
  'setNameAndNotes',
  'attachDevice',
  'detachDevice',
  'resizeDisk',
  'beginPull',
  'abortPull',
  'createVolume',
  'copyVolume',
  'resizeVolume',
  'uploadVolume',
  'openDisks',
  'deleteVolume',
  'migrate',
  'saveMemory',
  'restoreMemory',
  'abortJob',
  'switchToPostCopy',
  'setMigrationLimits',
] satisfies (keyof HypervisorHost)[])

/** The host, whose calls that change something are refused while `isHeld` says no. */
export function fenced(host: HypervisorHost, isHeld: () => boolean): HypervisorHost {
  return new Proxy(host, {
    get(target, key) {
      const verb: unknown = Reflect.get(target, key)
      if (typeof verb !== 'function' || !changes.has(key)) return verb
      return (...args: unknown[]) =>
        isHeld() ? Reflect.apply(verb, target, args) : Promise.reject(new LeaseLost(`${String(key)} was not sent`))
    },
  })
}
