import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { errorCode } from '../../libvirt/error.ts'
import type { StoragePool, StorageVolume } from '../../libvirt/protocol.ts'
import type { CallOptions, HypervisorHost } from '../driver.ts'
import { refusedWith } from './errors.ts'
import type { Session } from './session.ts'
import { buildVolumeXml, readBackingFormat, readModifiedAtMs, readVolumeXml } from './xml/storage.ts'

type StorageVerbs = Pick<
  HypervisorHost,
  | 'createVolume'
  | 'copyVolume'
  | 'resizeVolume'
  | 'uploadVolume'
  | 'downloadVolume'
  | 'deleteVolume'
  | 'findVolume'
  | 'refreshPool'
>

/** A whole disk may be written. */
const copyMs = 6 * 3_600_000
const createMs = 120_000

/** Everything that changes storage. */
export function storageVerbs(session: Session): StorageVerbs {
  const poolOf = async (name: string, options: CallOptions): Promise<StoragePool> =>
    (await session.read(`find the storage pool ${name}`, 'storagePoolLookupByName', { name }, options)).pool

  const volumeOf = async (pool: string, name: string, options: CallOptions): Promise<StorageVolume> => {
    const args = { pool: await poolOf(pool, options), name }
    return (await session.read(`find the volume ${name}`, 'storageVolLookupByName', args, options)).volume
  }

  const volumeAt = async (path: string, options: CallOptions): Promise<StorageVolume> =>
    (await session.read('find a volume', 'storageVolLookupByPath', { path }, options)).volume

  const pathOf = async (volume: StorageVolume, options: CallOptions) => ({
    path: (await session.read('find a volume', 'storageVolGetPath', { volume }, options)).path,
  })

  return {
    async createVolume(pool, wanted, options = {}) {
      const args = { pool: await poolOf(pool, options), xml: buildVolumeXml(wanted) }
      const limits = { timeoutMs: createMs, ...options }
      const { volume } = await session.long(`make the volume ${wanted.name}`, 'storageVolCreateXml', args, limits)
      return pathOf(volume, options)
    },

    async copyVolume(source, destination, options = {}) {
      const from = await volumeOf(source.pool, source.name, options)
      const { xml } = await session.read('read a volume', 'storageVolGetXmlDesc', { volume: from }, options)
      const { capacityBytes } = readVolumeXml(xml)
      const { volume } = await session.long(
        `copy the volume ${source.name}`,
        'storageVolCreateXmlFrom',
        {
          pool: await poolOf(destination.pool, options),
          xml: buildVolumeXml({ name: destination.name, format: destination.format, capacityBytes }),
          source: from,
        },
        { timeoutMs: copyMs, ...options },
      )
      return pathOf(volume, options)
    },

    async resizeVolume(pool, name, capacityBytes, options = {}) {
      const args = { volume: await volumeOf(pool, name, options), capacityBytes: BigInt(capacityBytes) }
      await session.change(`resize the volume ${name}`, 'storageVolResize', args, options)
    },

    async uploadVolume(pool, name, bytes, totalBytes, options = {}) {
      const step = `write the volume ${name}`
      const args = {
        volume: await volumeOf(pool, name, options),
        lengthBytes: totalBytes === null ? undefined : BigInt(totalBytes),
      }
      const { stream } = await session.stream(step, 'storageVolUpload', args, options)
      try {
        const done = finished(stream, { readable: false })
        await Promise.all([pipeline(Readable.from(bytes), stream, { signal: options.signal }), done])
      } catch (error) {
        throw session.explain(error, step, true)
      }
    },

    async *downloadVolume(pool, name, options = {}) {
      const step = `read the volume ${name}`
      const lengthBytes = options.lengthBytes === undefined ? undefined : BigInt(options.lengthBytes)
      const args = { volume: await volumeOf(pool, name, options), lengthBytes }
      const { stream } = await session.stream(step, 'storageVolDownload', args, options)
      try {
        for await (const chunk of stream) yield chunk as Uint8Array
      } catch (error) {
        throw session.explain(error, step, false)
      }
    },

    async deleteVolume(pool, name, options = {}) {
      try {
        const args = { volume: await volumeOf(pool, name, options) }
        await session.long(`delete the volume ${name}`, 'storageVolDelete', args, { timeoutMs: createMs, ...options })
      } catch (error) {
        if (!refusedWith(error, errorCode.noStorageVolume)) throw error
      }
    },

    async findVolume(at, options = {}) {
      try {
        const volume = typeof at === 'string' ? await volumeAt(at, options) : await volumeOf(at.pool, at.name, options)
        const { xml } = await session.read('read a volume', 'storageVolGetXmlDesc', { volume }, options)
        const facts = { ...readVolumeXml(xml), backingFormat: readBackingFormat(xml) }
        return { pool: volume.pool, ...facts, modifiedAtMs: readModifiedAtMs(xml) }
      } catch (error) {
        // A pool that is not active has none, as when one asks by the path.
        const { noStorageVolume, noStoragePool, operationInvalid } = errorCode
        if (refusedWith(error, noStorageVolume, noStoragePool, operationInvalid)) return null
        throw error
      }
    },

    async refreshPool(pool, options = {}) {
      const args = { pool: await poolOf(pool, options) }
      await session.long(`read the storage pool ${pool} again`, 'storagePoolRefresh', args, {
        timeoutMs: createMs,
        ...options,
      })
    },
  }
}
