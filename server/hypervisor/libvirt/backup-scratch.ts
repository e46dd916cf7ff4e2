import { errorCode } from '../../libvirt/error.ts'
import type { CallOptions } from '../driver.ts'
import type { DiskFacts } from '../facts.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { storageVerbs } from './storage.ts'
import { readVmXml } from './xml/vm.ts'

/** Where a backup keeps what the guest overwrites meanwhile. */
export interface Scratch {
  target: string
  /** Null for a disk that is left out */
  path: string | null
  /** In which pool we made it; null where libvirt is to make it, and to delete it */
  pool: string | null
}

/** No other program names its files so: whatever bears that name may be deleted. */
export const scratchSuffix = '.skerry-scratch'
const sectorBytes = 512

const nameIn = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/**
 * Files for what guests overwrite while they are backed up, each beside its disk. They are made before the backup begins:
 * QEMU 7.2 ends itself when asked for the sizes of its disks at a moment in which it makes a qcow2 file, and libvirt asks
 * that whenever anybody wants statistics.
 */
export function scratchFiles(session: Session) {
  const storage = storageVerbs(session)
  const step = 'begin a backup'

  async function disksOf(vm: string, options: CallOptions): Promise<DiskFacts[]> {
    const { xml } = await session.read('read a VM', 'domainGetXmlDesc', { domain: { uuid: vm } }, options)
    return readVmXml(xml).disks
  }

  /** QEMU takes a file of the disk's very size alone, and only it knows that of a disk that was just enlarged. */
  async function sizeOf(vm: string, target: string, options: CallOptions): Promise<number> {
    const args = { domain: { uuid: vm }, disk: target }
    const { capacityBytes } = await session.read(step, 'domainGetBlockInfo', args, options)
    return Math.ceil(Number(capacityBytes) / sectorBytes) * sectorBytes
  }

  /** The one in whose folder a file lies; null where that is of none. */
  async function poolOf(path: string, options: CallOptions): Promise<string | null> {
    try {
      const args = { path: path.slice(0, path.lastIndexOf('/')) }
      return (await session.read(step, 'storagePoolLookupByTargetPath', args, options)).pool.name
    } catch (error) {
      if (!refusedWith(error, errorCode.noStoragePool)) throw error
      // Its folder may be known by another path.
      return (await storage.findVolume(path, options))?.pool ?? null
    }
  }

  /** @returns its path */
  async function makeOne(vm: string, target: string, pool: string, name: string, options: CallOptions) {
    const capacityBytes = await sizeOf(vm, target, options)
    const make = () => storage.createVolume(pool, { name, format: 'qcow2', capacityBytes }, options)
    try {
      return (await make()).path
    } catch (error) {
      const isThere = refusedWith(error, errorCode.storageVolumeExists)
      // So libvirt refuses what the pool does not know of, such as what is left after its host's power failed.
      if (!isThere && !refusedWith(error, errorCode.operationInvalid)) throw error
      await removeLeftOver(pool, name, options)
      return (await make()).path
    }
  }

  /** Of a backup whose worker or host was lost: no other goes on. */
  async function removeLeftOver(pool: string, name: string, options: CallOptions) {
    await storage.refreshPool(pool, options)
    await storage.deleteVolume(pool, name, options)
  }

  return {
    /** @returns one of every disk of the VM, of which none is being backed up */
    async make(vm: string, targets: readonly string[], options: CallOptions): Promise<Scratch[]> {
      const disks = await disksOf(vm, options)
      const refuse = (why: string, wayOut: string) => session.refuse('invalid', step, why, wayOut)
      const absent = targets.filter((target) => !disks.some((disk) => disk.target === target))
      if (absent.length > 0) throw refuse(`the VM has no disk ${absent.join(', ')}`, 'Choose disks that it has.')
      const found = disks.map(async ({ target, kind, source }): Promise<Scratch> => {
        if (!targets.includes(target)) return { target, path: null, pool: null }
        if (kind !== 'file' || !source) {
          const why = `the disk ${target} is no file, so there is no place beside it for what the guest overwrites meanwhile`
          throw refuse(why, 'Make it a file of a storage pool.')
        }
        return { target, path: source + scratchSuffix, pool: await poolOf(source, options) }
      })
      const all = await Promise.all(found)
      // libvirt makes all of a backup or none. What lies in a folder that is no pool it alone can make.
      const isAlone = all.some(({ path, pool }) => path !== null && pool === null)
      for (const each of all) {
        const { target, path, pool } = each
        if (path === null || pool === null) continue
        if (isAlone) {
          await removeLeftOver(pool, nameIn(path), options)
          each.pool = null
        } else each.path = await makeOne(vm, target, pool, nameIn(path), options)
      }
      return all
    },

    /** Deletes them, of a VM that is not being backed up. */
    async clear(vm: string, options: CallOptions): Promise<void> {
      try {
        for (const { kind, source } of await disksOf(vm, options)) {
          if (kind !== 'file' || !source) continue
          const pool = await poolOf(source, options)
          if (pool) await storage.deleteVolume(pool, nameIn(source) + scratchSuffix, options)
        }
      } catch (error) {
        if (!refusedWith(error, errorCode.noDomain)) throw error
      }
    },
  }
}
