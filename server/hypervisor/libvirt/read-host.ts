import { errorCode } from '../../libvirt/error.ts'
import { type CallOptions, type HypervisorHost, probeVolumePrefix } from '../driver.ts'
import type { HostDeviceFacts, StoragePoolFacts, VolumeFacts } from '../facts.ts'
import { scratchSuffix } from './backup-scratch.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { readCapabilitiesXml, readDeviceXml } from './xml/host.ts'
import { readNetworkXml, readPoolXml, readVolumeXml } from './xml/storage.ts'

type HostVerbs = Pick<HypervisorHost, 'facts' | 'listStoragePools' | 'listNetworks' | 'load' | 'roundTripMs'>

/** libvirt writes a version as one number: 9000000 is 9.0.0. */
export const versionText = (version: bigint) =>
  `${version / 1_000_000n}.${(version / 1000n) % 1000n}.${version % 1000n}`

/** What went away between listing and reading is left out; a driver that lacks the whole thing has none of it. */
const gone = [
  errorCode.noNetwork,
  errorCode.noStoragePool,
  errorCode.noStorageVolume,
  errorCode.noNodeDevice,
  errorCode.noSupport,
]

async function ifThere<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (refusedWith(error, ...gone)) return null
    throw error
  }
}

const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null)

/** The answer never changes while the host runs, so one question does. */
function once<T>(ask: (options: CallOptions) => Promise<T>): (options: CallOptions) => Promise<T> {
  let known: T | undefined
  return async (options) => {
    known ??= await ask(options)
    return known
  }
}

/** Everything that reads the host itself. */
export function hostVerbs(session: Session): HostVerbs {
  let lastCpu: { busy: number; total: number } | undefined

  const step = "read the host's load"
  const cpuFields = once(
    async (options: CallOptions) =>
      (await session.read(step, 'nodeGetCpuStats', { cpu: -1, capacity: 0 }, options)).count,
  )
  const memoryFields = once(
    async (options: CallOptions) =>
      (await session.read(step, 'nodeGetMemoryStats', { cell: -1, capacity: 0 }, options)).count,
  )

  /** All of it, and what is free or would be given back at once; 0 where the driver can't tell. */
  async function memory(options: CallOptions): Promise<{ totalBytes: number; freeBytes: number }> {
    const stats = await ifThere(
      memoryFields(options).then((capacity) =>
        session.read(step, 'nodeGetMemoryStats', { cell: -1, capacity }, options),
      ),
    )
    const kibibytes = Object.fromEntries((stats?.params ?? []).map(({ field, value }) => [field, Number(value)]))
    const { total = 0, free = 0, buffers = 0, cached = 0 } = kibibytes
    return { totalBytes: total * 1024, freeBytes: (free + buffers + cached) * 1024 }
  }

  async function devices(options: CallOptions): Promise<HostDeviceFacts[]> {
    const list = await ifThere(session.read('list devices', 'connectListAllNodeDevices', {}, options))
    const found = (list?.devices ?? []).map(({ name }) =>
      ifThere(session.read('read a device', 'nodeDeviceGetXmlDesc', { name }, options)),
    )
    return present(await Promise.all(found)).map(({ xml }) => readDeviceXml(xml))
  }

  /** Ours, for minutes: nothing that anybody could use. */
  const isPassing = (name: string) => name.startsWith(probeVolumePrefix) || name.endsWith(scratchSuffix)

  async function volumes(pool: { name: string; uuid: string }, options: CallOptions): Promise<VolumeFacts[]> {
    const list = await ifThere(session.read('list volumes', 'storagePoolListAllVolumes', { pool }, options))
    const listed = (list?.volumes ?? []).filter(({ name }) => !isPassing(name))
    const found = listed.map((volume) =>
      ifThere(session.read('read a volume', 'storageVolGetXmlDesc', { volume }, options)),
    )
    return present(await Promise.all(found)).map(({ xml }) => readVolumeXml(xml))
  }

  async function readPool(pool: { name: string; uuid: string }, options: CallOptions): Promise<StoragePoolFacts> {
    const [{ xml }, { active }] = await Promise.all([
      session.read('read a storage pool', 'storagePoolGetXmlDesc', { pool }, options),
      session.read('read a storage pool', 'storagePoolIsActive', { pool }, options),
    ])
    return { ...readPoolXml(xml), active, volumes: active ? await volumes(pool, options) : [] }
  }

  async function readNetwork(network: { name: string; uuid: string }, options: CallOptions) {
    const [{ xml }, { active }, { autostart }] = await Promise.all([
      session.read('read a network', 'networkGetXmlDesc', { network }, options),
      session.read('read a network', 'networkIsActive', { network }, options),
      session.read('read a network', 'networkGetAutostart', { network }, options),
    ])
    return { ...readNetworkXml(xml), active, autostart }
  }

  return {
    async facts(options = {}) {
      const step = 'read what the host is'
      const [{ xml }, node, { hostname }, { type }, library, hypervisor, { totalBytes, freeBytes }, deviceFacts] =
        await Promise.all([
          session.read(step, 'connectGetCapabilities', {}, options),
          session.read(step, 'nodeGetInfo', {}, options),
          session.read(step, 'connectGetHostname', {}, options),
          session.read(step, 'connectGetType', {}, options),
          session.read(step, 'connectGetLibVersion', {}, options),
          session.read(step, 'connectGetVersion', {}, options),
          memory(options),
          devices(options),
        ])
      const { emulator: _, ...capabilities } = readCapabilitiesXml(xml)
      return {
        ...capabilities,
        hostname,
        cpuCount: node.cpus,
        cpuMhz: node.mhz,
        memoryBytes: totalBytes || Number(node.memoryKiB) * 1024,
        memoryFreeBytes: freeBytes,
        libvirtVersion: versionText(library.version),
        hypervisorVersion: versionText(hypervisor.version),
        simulated: type !== 'QEMU',
        devices: deviceFacts,
      }
    },

    async listStoragePools(options = {}) {
      const list = await ifThere(session.read('list storage pools', 'connectListAllStoragePools', {}, options))
      return present(await Promise.all((list?.pools ?? []).map((pool) => ifThere(readPool(pool, options)))))
    },

    async listNetworks(options = {}) {
      const list = await ifThere(session.read('list networks', 'connectListAllNetworks', {}, options))
      return present(await Promise.all((list?.networks ?? []).map((network) => ifThere(readNetwork(network, options)))))
    },

    async roundTripMs(options = {}) {
      const askedAt = performance.now()
      await session.read('measure the round trip', 'connectGetLibVersion', {}, { ...options, urgent: true })
      return performance.now() - askedAt
    },

    async load(options = {}) {
      const [cpu, { freeBytes }] = await Promise.all([
        ifThere(
          cpuFields(options).then((capacity) => session.read(step, 'nodeGetCpuStats', { cpu: -1, capacity }, options)),
        ),
        memory(options),
      ])
      const times = Object.fromEntries((cpu?.params ?? []).map(({ field, value }) => [field, Number(value)]))
      const idle = (times.idle ?? 0) + (times.iowait ?? 0)
      const busy = (times.user ?? 0) + (times.kernel ?? 0)
      const now = { busy, total: busy + idle }
      const before = lastCpu
      lastCpu = now
      const passed = before ? now.total - before.total : 0
      return {
        cpuUsage: before && passed > 0 ? Math.min(1, Math.max(0, (now.busy - before.busy) / passed)) : null,
        memoryFreeBytes: freeBytes,
      }
    },
  }
}
