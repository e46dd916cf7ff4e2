interface Pool {
  name: string
  active: boolean
  availableBytes: bigint | number
}

/**
 * Where new disks go: the pool `default` where there is one with room, else the one with the most room. Those that
 * templates' images are in come last, since they may be small or slow; a host may have no other.
 */
export function poolWithRoom<P extends Pool>(
  pools: readonly P[],
  needBytes: number,
  imagePools: readonly string[],
): P | undefined {
  const roomy = pools
    .filter((pool) => pool.active && Number(pool.availableBytes) >= needBytes)
    .toSorted((a, b) => Number(b.availableBytes) - Number(a.availableBytes))
  return (
    roomy.find(({ name }) => name === 'default') ?? roomy.find(({ name }) => !imagePools.includes(name)) ?? roomy[0]
  )
}
