import { volumeResizeFlag } from '#server/libvirt/flag.ts'
import type { StorageVolume } from '#server/libvirt/protocol.ts'
import { poolState } from '#server/libvirt/value.ts'
import type { Host } from '../model/host.ts'
import { type Pool, type Volume, volumeXml } from '../model/storage.ts'
import { invalidArgument, Refusal } from '../refusal.ts'
import type { Handlers } from './handler.ts'

const fileVolume = 0
const packetBytes = 65_536

const poolHandle = ({ name, uuid }: Pool) => ({ pool: { name, uuid } })
const handle = (pool: Pool, { name, path }: Volume) => ({ volume: { pool: pool.name, name, key: path } })
const volumeOf = (host: Host, { pool, name }: StorageVolume) => host.pool(pool).volume(name)
const sizes = ({ capacityBytes, allocationBytes }: Volume) => ({
  type: fileVolume,
  capacityBytes: BigInt(capacityBytes),
  allocationBytes: BigInt(allocationBytes),
})

function at(host: Host, path: string) {
  const found = host.volumeAt(path)
  if (found) return handle(found.pool, found.volume)
  throw new Refusal(
    'noStorageVolume',
    `Storage volume not found: no storage vol with matching path '${path}'`,
    'storage',
  )
}

function* zeros(totalBytes: number): Generator<Uint8Array> {
  const packet = new Uint8Array(packetBytes)
  for (let left = totalBytes; left > 0; left -= packetBytes)
    yield left < packetBytes ? packet.subarray(0, left) : packet
}

/** Storage pools and volumes. */
export const storageHandlers: Handlers = {
  storagePoolLookupByName: ({ name }, { host }) => poolHandle(host.pool(name)),
  storagePoolLookupByUuid({ uuid }, { host }) {
    const pool = host.pools.find((each) => each.uuid === uuid)
    if (pool) return poolHandle(pool)
    throw new Refusal(
      'noStoragePool',
      `Storage pool not found: no storage pool with matching uuid '${uuid}'`,
      'storage',
    )
  },
  storagePoolLookupByVolume: ({ volume }, { host }) => poolHandle(host.pool(volume.pool)),
  storagePoolLookupByTargetPath({ path }, { host }) {
    const pool = host.pools.find((each) => each.path === path)
    if (pool) return poolHandle(pool)
    throw new Refusal(
      'noStoragePool',
      `Storage pool not found: no storage pool with matching path '${path}'`,
      'storage',
    )
  },
  storagePoolGetInfo({ pool: { name } }, { host }) {
    const { capacityBytes, allocationBytes, availableBytes } = host.pool(name)
    return {
      state: poolState.running,
      capacityBytes: BigInt(capacityBytes),
      allocationBytes: BigInt(allocationBytes),
      availableBytes: BigInt(availableBytes),
    }
  },
  storagePoolGetXmlDesc: ({ pool }, { host }) => ({ xml: host.pool(pool.name).xml() }),
  storagePoolGetAutostart: () => ({ autostart: true }),
  storagePoolIsActive: ({ pool }, { host }) => ({ active: Boolean(host.pool(pool.name)) }),
  storagePoolRefresh({ pool: { name } }, { host }) {
    const pool = host.pool(name)
    host.tell('storagePoolRefresh', poolHandle(pool))
    return {}
  },
  storagePoolListAllVolumes({ pool: { name }, needResults }, { host }) {
    const pool = host.pool(name)
    const volumes = [...pool.volumes.values()].map((volume) => handle(pool, volume).volume)
    return { volumes: needResults ? volumes : [], count: volumes.length }
  },

  storageVolLookupByName({ pool: { name: poolName }, name }, { host }) {
    const pool = host.pool(poolName)
    return handle(pool, pool.volume(name))
  },
  storageVolLookupByKey: ({ key }, { host }) => at(host, key),
  storageVolLookupByPath: ({ path }, { host }) => at(host, path),
  storageVolCreateXml({ pool: { name }, xml }, { host }) {
    const pool = host.pool(name)
    return handle(pool, pool.addFromXml(xml))
  },
  storageVolCreateXmlFrom({ pool: { name }, xml, source }, { host }) {
    const pool = host.pool(name)
    return handle(pool, pool.addFromXml(xml, volumeOf(host, source)))
  },
  storageVolDelete({ volume }, { host }) {
    const { name } = volumeOf(host, volume)
    host.pool(volume.pool).volumes.delete(name)
    return {}
  },
  storageVolGetInfo: ({ volume }, { host }) => sizes(volumeOf(host, volume)),
  storageVolGetInfoFlags: ({ volume }, { host }) => sizes(volumeOf(host, volume)),
  storageVolGetXmlDesc: ({ volume }, { host }) => ({ xml: volumeXml(volumeOf(host, volume)) }),
  storageVolGetPath: ({ volume }, { host }) => ({ path: volumeOf(host, volume).path }),
  storageVolResize({ volume, capacityBytes, flags }, { host }) {
    const target = volumeOf(host, volume)
    const wanted = Number(capacityBytes) + (flags & volumeResizeFlag.delta ? target.capacityBytes : 0)
    if (wanted < target.capacityBytes && !(flags & volumeResizeFlag.shrink)) {
      throw invalidArgument("Can't shrink capacity below current capacity unless shrink flag explicitly specified")
    }
    target.capacityBytes = wanted
    return {}
  },
  storageVolUpload({ volume, lengthBytes }, caller) {
    const target = volumeOf(caller.host, volume)
    let received = 0
    const receive = (chunk: Buffer) => {
      received += chunk.length
      if (lengthBytes > 0n && received > lengthBytes) {
        throw new Refusal('internalError', 'internal error: more bytes came than were announced', 'stream')
      }
    }
    const finish = () => {
      target.allocationBytes = Math.max(target.allocationBytes, received)
      target.capacityBytes = Math.max(target.capacityBytes, received)
    }
    caller.openStream({ direction: 'upload', receive, finish })
    return {}
  },
  storageVolDownload({ volume, offsetBytes, lengthBytes }, caller) {
    const { allocationBytes, capacityBytes, format } = volumeOf(caller.host, volume)
    const fileBytes = format === 'raw' ? capacityBytes : allocationBytes
    const left = Math.max(0, fileBytes - Number(offsetBytes))
    caller.openStream({
      direction: 'download',
      chunks: zeros(lengthBytes > 0n ? Math.min(Number(lengthBytes), left) : left),
    })
    return {}
  },
}
