import { errorCode } from '../../libvirt/error.ts'
import type { TypedParams } from '../../libvirt/protocol.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import type { DiskFacts, VmFacts } from '../facts.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { isAnswer, refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { listSnapshotNames, readSnapshots } from './snapshot.ts'
import { isActive, pausedByMigration } from './state.ts'
import { type DiskSize, diskSizes, numberIn, readStats, stateIn, statsFlag, statsGroup } from './stats.ts'
import { storageVerbs } from './storage.ts'
import { probeNamePrefix } from './xml/domain.ts'
import { readVmXml } from './xml/vm.ts'

/** Filters of the list of VMs, as bits. */
const listFlag = { persistent: 4, autostart: 1024, hasSnapshot: 4096 } as const
const xmlFlag = { secure: 1, inactive: 2, migratable: 8 } as const
const jobMigrationIn = 4
/** So many of a long list are handed on together; of the first ones fewer, so that whoever takes them has something to do. */
const listAtOnce = 250
const firstAtOnce = 50
/** Longer lists are read over a connection of their own. */
const bulkAbove = 50
const addressSource = { lease: 0, agent: 1, arp: 2 } as const

/** What a VM's definition does not tell. */
interface Extras {
  params: TypedParams
  persistent: boolean
  /** Its definition for the next start; null where it has none, undefined where that was not asked for */
  inactiveXml: string | null | undefined
  autostart: boolean
  snapshots: VmFacts['snapshots']
}

type VmVerbs = Pick<
  HypervisorHost,
  'listVms' | 'readNextXmls' | 'readVm' | 'fingerprints' | 'readAddresses' | 'readings' | 'readXml'
>

/** Everything that reads VMs. */
export function vmVerbs(session: Session): VmVerbs {
  /** Null when the VM went away meanwhile. */
  async function xmlOf(uuid: string, options: CallOptions, from = session, flags = 0): Promise<string | null> {
    try {
      return (await from.read('read a VM', 'domainGetXmlDesc', { domain: { uuid }, flags }, options)).xml
    } catch (error) {
      if (refusedWith(error, errorCode.noDomain)) return null
      throw error
    }
  }

  async function complete(uuid: string, xml: string | null, extras: Extras, options: CallOptions, from = session) {
    if (xml === null) return null
    const { params, persistent, inactiveXml, autostart, snapshots } = extras
    const defined = readVmXml(xml)
    if (defined.name.startsWith(probeNamePrefix)) return null
    const sizes = new Map(diskSizes(params).map((size) => [size.target, size]))
    const state = numberIn(params, 'state.state')
    const vm: VmFacts = {
      ...defined,
      ...stateIn(params),
      incoming: pausedByMigration(state, numberIn(params, 'state.reason')) && (await comesIn(uuid, options)),
      persistent,
      autostart,
      snapshots,
      disks: await Promise.all(defined.disks.map((disk) => sized(disk, sizes.get(disk.target), options, from))),
      nextXml: null,
    }
    return isActive(vm.state) ? { ...vm, nextXml: persistent ? inactiveXml : null } : { ...vm, agentConnected: false }
  }

  /** Of a volume that is named by its pool nothing tells the size while the VM is off, but the pool. */
  async function sized(disk: DiskFacts, size: DiskSize | undefined, options: CallOptions, from: Session) {
    const { kind, poolName, volumeName } = disk
    const isTold = kind !== 'volume' || poolName === null || volumeName === null || size?.capacityBytes
    const volume = isTold ? null : await volumeIn(poolName, volumeName, options, from)
    if (!volume) return { ...disk, ...size }
    return { ...disk, capacityBytes: volume.capacityBytes, allocationBytes: volume.allocationBytes }
  }

  /** Null where its pool tells nothing of it: that shall not cost the view of all other VMs. */
  async function volumeIn(pool: string, name: string, options: CallOptions, from: Session) {
    try {
      return await storageVerbs(from).findVolume({ pool, name }, options)
    } catch (error) {
      if (isAnswer(error)) return null
      throw error
    }
  }

  async function comesIn(uuid: string, options: CallOptions): Promise<boolean> {
    try {
      const job = await session.read('read a job', 'domainGetJobStats', { domain: { uuid } }, options)
      return job.params.operation === jobMigrationIn
    } catch (error) {
      // The statistics of a migration are with its source alone.
      if (refusedWith(error, errorCode.operationUnsupported)) return true
      if (refusedWith(error, errorCode.noDomain, errorCode.operationInvalid)) return false
      throw error
    }
  }

  async function listed(flags: number, options: CallOptions): Promise<Set<string>> {
    const { domains } = await session.read('list VMs', 'connectListAllDomains', { flags }, options)
    return new Set(domains.map((domain) => domain.uuid))
  }

  return {
    async listVms({ onSome, withNext = false, ...options } = {}) {
      const stats = statsGroup.state | statsGroup.block
      const [{ records }, persistent, autostart, hasSnapshot] = await Promise.all([
        session.read('list VMs', 'connectGetAllDomainStats', { domains: [], stats, flags: statsFlag.nowait }, options),
        listed(listFlag.persistent, options),
        listed(listFlag.autostart, options),
        listed(listFlag.hasSnapshot, options),
      ])
      const readAll = async (from: Session) => {
        const vms: VmFacts[] = []
        for (let start = 0, end = firstAtOnce; start < records.length; start = end, end += listAtOnce) {
          const some = records.slice(start, end).map(async ({ domain: { uuid }, params }) => {
            const asksNext = withNext && persistent.has(uuid) && isActive(stateIn(params).state)
            const [xml, inactiveXml, snapshots] = await Promise.all([
              xmlOf(uuid, options, from),
              asksNext ? xmlOf(uuid, options, from, xmlFlag.inactive) : undefined,
              hasSnapshot.has(uuid) ? readSnapshots(from, uuid, options) : [],
            ])
            const known = { persistent: persistent.has(uuid), inactiveXml, autostart: autostart.has(uuid) }
            return complete(uuid, xml, { params, ...known, snapshots }, options, from)
          })
          const found = (await Promise.all(some)).filter((vm) => vm !== null)
          onSome?.(found)
          vms.push(...found)
        }
        return vms
      }
      return records.length > bulkAbove ? session.bulk('list VMs', options, readAll) : readAll(session)
    },

    async readNextXmls(vms, onSome, options = {}) {
      const readAll = async (from: Session) => {
        for (let start = 0; start < vms.length; start += listAtOnce) {
          const some = vms.slice(start, start + listAtOnce)
          const xmls = await Promise.all(some.map((uuid) => xmlOf(uuid, options, from, xmlFlag.inactive)))
          onSome(new Map(some.flatMap((uuid, index) => (xmls[index] ? [[uuid, xmls[index]] as const] : []))))
        }
      }
      await (vms.length > bulkAbove ? session.bulk('list VMs', options, readAll) : readAll(session))
    },

    async readVm(vm, { withNext = false, ...given } = {}) {
      const options = { ...given, urgent: true }
      const domain = { uuid: vm }
      const stats = statsGroup.state | statsGroup.block
      try {
        // All at once: the host may be far away.
        const [{ records }, { persistent }, { autostart }, xml, inactiveXml, snapshots] = await Promise.all([
          session.read(
            'read a VM',
            'connectGetAllDomainStats',
            { domains: [domain], stats, flags: statsFlag.nowait },
            options,
          ),
          session.read('read a VM', 'domainIsPersistent', { domain }, options),
          session.read('read a VM', 'domainGetAutostart', { domain }, options),
          xmlOf(vm, options),
          withNext ? xmlOf(vm, options, session, xmlFlag.inactive) : undefined,
          readSnapshots(session, vm, options),
        ])
        const params = records[0]?.params
        return params
          ? await complete(vm, xml, { params, persistent, inactiveXml, autostart, snapshots }, options)
          : null
      } catch (error) {
        if (refusedWith(error, errorCode.noDomain)) return null
        throw error
      }
    },

    async fingerprints(vms, options = {}) {
      const [autostart, hasSnapshot] = await Promise.all([
        listed(listFlag.autostart, options),
        listed(listFlag.hasSnapshot, options),
      ])
      const found = new Map<string, string>()
      const waiting = [...vms]
      const work = async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          const { uuid, hasNext } = next
          const xml = await xmlOf(uuid, options)
          if (xml === null) continue
          const nextXml = hasNext ? await xmlOf(uuid, options, session, xmlFlag.inactive) : null
          const snapshots = hasSnapshot.has(uuid) ? await listSnapshotNames(session, uuid, options) : []
          found.set(uuid, fingerprintOf({ xml, nextXml, autostart: autostart.has(uuid), snapshots }))
        }
      }
      // Two at once and no more: what is urgent shall not have to wait behind them.
      await Promise.all([work(), work()])
      return found
    },

    async readAddresses(vm, options = {}) {
      const addresses = new Map<string, string[]>()
      for (const source of [addressSource.agent, addressSource.lease, addressSource.arp]) {
        const args = { domain: { uuid: vm }, source }
        const { interfaces } = await session
          .slowRead("read a VM's addresses", 'domainInterfaceAddresses', args, options)
          .catch(() => ({ interfaces: [] }))
        for (const { name, hardwareAddress, addresses: found } of interfaces) {
          if (!hardwareAddress || name === 'lo' || found.length === 0) continue
          const mac = hardwareAddress.toLowerCase()
          const known = addresses.get(mac) ?? []
          addresses.set(mac, [...new Set([...known, ...found.map((each) => each.address)])])
        }
        if (addresses.size > 0) break
      }
      return addresses
    },

    async readings(options = {}) {
      const { state, cpu, balloon, interface: net, block } = statsGroup
      const { records } = await session.read(
        "read the VMs' counters",
        'connectGetAllDomainStats',
        { domains: [], stats: state | cpu | balloon | net | block, flags: statsFlag.active | statsFlag.nowait },
        options,
      )
      return records.map(readStats)
    },

    async readXml(vm, { secure, inactive, migratable, ...options } = {}) {
      const flags =
        (secure ? xmlFlag.secure : 0) | (inactive ? xmlFlag.inactive : 0) | (migratable ? xmlFlag.migratable : 0)
      return (
        await session.read("read a VM's definition", 'domainGetXmlDesc', { domain: { uuid: vm }, flags }, options)
      ).xml
    },
  }
}
