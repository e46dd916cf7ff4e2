import type { Outputs } from '#components/trpc/client.tsx'

export type HostPool = Outputs['storage']['list'][number]

/** The same bytes, seen from one host or from several. */
export interface StorageGroup {
  id: string
  name: string
  kind: string
  path: string | null
  isShared: boolean
  pools: HostPool[]
  active: number
  usedBytes: number
  capacityBytes: number
  volumes: number
}

/** Shared storage is one, however many hosts see it; its figures are those of the host that sees most of it. */
export function groupPools(pools: readonly HostPool[]): StorageGroup[] {
  return [...Map.groupBy(pools, (pool) => pool.sharedKey ?? pool.id)].flatMap(([key, rows]) => {
    const seen = rows.toSorted((a, b) => b._count.volumes - a._count.volumes)
    const first = seen.find((pool) => pool.active) ?? seen[0]
    if (!first) return []
    return [
      {
        id: key,
        name: first.name,
        kind: first.kind,
        path: first.path,
        isShared: first.sharedKey !== null,
        pools: rows,
        active: rows.filter(({ active }) => active).length,
        usedBytes: Number(first.allocationBytes),
        capacityBytes: Number(first.capacityBytes),
        volumes: first._count.volumes,
      },
    ]
  })
}

/** The pool that is asked for the volumes. */
export const poolToRead = ({ pools }: StorageGroup) =>
  pools.toSorted((a, b) => Number(b.active) - Number(a.active) || b._count.volumes - a._count.volumes)[0]
