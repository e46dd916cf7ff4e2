import type { HypervisorHost } from '#server/hypervisor/driver.ts'

/** This worker could not say that it lives for so long that another may have its work: it must change nothing. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

type Verb = Exclude<keyof HypervisorHost, 'address'>

/** Of every call whether it changes something that another worker may be at. What only ends what this one began does not. */
const changes: Record<Verb, boolean> = {
  ...{ connection: false, onConnection: false, onEvent: false, close: false, facts: false, roundTripMs: false },
  ...{ listVms: false, readNextXmls: false, readVm: false, fingerprints: false, readAddresses: false, readings: false },
  ...{ listStoragePools: false, listNetworks: false, load: false, readXml: false, proveAccelerator: false },
  ...{ define: true, undefine: true, power: true, setAutostart: true, setVcpus: true, setMemory: true },
  ...{ setNameAndNotes: true, attachDevice: true, detachDevice: true, resizeDisk: true },
  ...{ createVolume: true, copyVolume: true, resizeVolume: true, uploadVolume: true, deleteVolume: true },
  ...{ downloadVolume: false, findVolume: false, refreshPool: false },
  ...{ takeSnapshot: true, revertToSnapshot: true, deleteSnapshot: true, forgetSnapshots: true, importSnapshots: true },
  ...{ listSnapshots: false, exportSnapshots: false },
  ...{ openDisks: true, closeDisks: false, reachSocket: false, openPort: false },
  ...{ beginDiskCopy: true, readDiskCopy: false, switchToDiskCopy: true, abortDiskCopy: true },
  ...{ migrate: true, abortJob: true, switchToPostCopy: true, setMigrationLimits: true, measureDirtyRate: false },
  ...{ readJob: false, readCompletedJob: false, saveMemory: true, restoreMemory: true },
  ...{ readSavedMemory: false, isSaveBrokenOff: false },
  ...{ beginBackup: true, readBackup: false, endBackup: true, changedSince: false },
  ...{ listCheckpoints: false, importCheckpoints: true, deleteCheckpoint: true },
  // A guest that was made ready for a backup is led back to its work, whoever has the lease.
  ...{ agentPing: false, agentCommand: false, freezeFileSystems: true, thawFileSystems: false },
  ...{ openConsole: false, screenshot: false },
}

/** The host, whose calls that change something are refused while `isHeld` says no. */
export function fenced(host: HypervisorHost, isHeld: () => boolean): HypervisorHost {
  return new Proxy(host, {
    get(target, key) {
      const verb: unknown = Reflect.get(target, key)
      if (typeof verb !== 'function' || !changes[key as Verb]) return verb
      return (...args: unknown[]) =>
        isHeld() ? Reflect.apply(verb, target, args) : Promise.reject(new LeaseLost(`${String(key)} was not sent`))
    },
  })
}
