import { basename } from 'node:path'
import type { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import { followChain, type KnownFile, poolByFolder } from './migration-chain.ts'
import type { MovingDisk } from './migration-preview.ts'

interface Pool {
  name: string
  path: string | null
}
type VmRow = Prisma.VmGetPayload<{ include: { disks: true; snapshots: true } }>

/** Disks as the preview judges them, by their VM's id, from what was last seen. */
export async function readMovingDisks(tx: Tx, vms: readonly VmRow[]): Promise<Map<string, MovingDisk[]>> {
  const hostIds = [...new Set(vms.map((vm) => vm.hostId))]
  const pools = await tx.storagePool.findMany({
    where: { hostId: { in: hostIds } },
    select: { hostId: true, name: true, path: true },
  })
  const files = await readFiles(
    tx,
    hostIds,
    vms.flatMap((vm) => {
      const here = pools.filter(({ hostId }) => hostId === vm.hostId)
      return vm.disks.flatMap((disk) => [pathOf(disk, here), disk.backingPath])
    }),
  )
  return new Map(
    await Promise.all(
      vms.map(async (vm) => {
        const here = pools.filter(({ hostId }) => hostId === vm.hostId)
        const find = (path: string) => files.get(key(vm.hostId, path)) ?? byFolder(here, path)
        const disks = await Promise.all(
          vm.disks.map((disk) => movingDisk(disk, pathOf(disk, here), vm.snapshots.length > 0, find)),
        )
        return [vm.id, disks] as const
      }),
    ),
  )
}

/** A definition names a file; which volume of which pool that is, the pools tell. */
async function movingDisk(
  disk: VmRow['disks'][number],
  path: string | null,
  hasSnapshots: boolean,
  find: (path: string) => KnownFile | null,
): Promise<MovingDisk> {
  const file = path === null ? null : find(path)
  const backingPath = disk.format === 'raw' ? null : (disk.backingPath ?? file?.backingPath ?? null)
  return {
    ...disk,
    backingPath,
    poolName: disk.poolName ?? file?.poolName ?? null,
    volumeName: disk.volumeName ?? file?.volumeName ?? null,
    capacityBytes: Number(disk.capacityBytes || file?.capacityBytes || 0),
    allocationBytes: Number(disk.allocationBytes || file?.allocationBytes || 0),
    beneath: hasSnapshots && backingPath !== null ? await followChain([{ path: backingPath, format: null }], find) : [],
  }
}

/** Of its file, also where its definition names a volume of a pool. */
function pathOf({ source, poolName, volumeName }: VmRow['disks'][number], pools: readonly Pool[]): string | null {
  const folder = pools.find(({ name }) => name === poolName)?.path
  return folder && volumeName !== null ? `${folder}/${volumeName}` : source
}

const key = (hostId: string, path: string) => `${hostId} ${path}`

/** These files and all that they stand on, as volumes: a query for each storey, however many there are. */
async function readFiles(tx: Tx, hostIds: readonly string[], paths: readonly (string | null)[]) {
  const files = new Map<string, KnownFile>()
  const asked = new Set<string | null>([null])
  for (let wanted = [...new Set(paths)]; wanted.length > 0; ) {
    for (const path of wanted) asked.add(path)
    const rows = await tx.volume.findMany({
      where: { path: { in: wanted.filter((path) => path !== null) }, storagePool: { hostId: { in: [...hostIds] } } },
      include: { storagePool: { select: { name: true, hostId: true } } },
    })
    for (const { storagePool, name, path, format, backingPath, capacityBytes, allocationBytes } of rows) {
      files.set(key(storagePool.hostId, path), {
        ...{ path, poolName: storagePool.name, volumeName: name, format, backingPath },
        ...{ capacityBytes: Number(capacityBytes), allocationBytes: Number(allocationBytes) },
      })
    }
    wanted = [...new Set(rows.map(({ backingPath }) => backingPath))].filter((path) => !asked.has(path))
  }
  return files
}

function byFolder(pools: readonly Pool[], path: string): KnownFile | null {
  const pool = poolByFolder(pools, path)
  if (!pool) return null
  return {
    ...{ path, poolName: pool.name, volumeName: basename(path), format: 'qcow2', backingPath: null },
    ...{ capacityBytes: 0, allocationBytes: 0 },
  }
}
