import type { QueryClient, QueryFilters, QueryKey } from '@tanstack/react-query'

/**
 * Reads again what matches and is in use; the rest once it is used. What is being read at this moment may have been read
 * before the change: it is left to come, and then read once more. Through when all has come.
 */
export async function readAgain(client: QueryClient, filters: QueryFilters): Promise<void> {
  const underWay = client.getQueryCache().findAll({ ...filters, fetchStatus: 'fetching' })
  const onceMore = underWay.map(async (query) => {
    await query.fetch(undefined, { cancelRefetch: false }).catch(() => undefined)
    await client.invalidateQueries({ queryKey: query.queryKey, exact: true }, { cancelRefetch: false })
  })
  await Promise.all([client.invalidateQueries(filters, { cancelRefetch: false }), ...onceMore])
}

/** Starts all readings anew, also those under way: they may wait on a line that is gone. */
export async function readAllAgain(client: QueryClient): Promise<void> {
  const first = (query: { state: { data: unknown } }) => query.state.data === undefined
  // A first reading can't be begun anew, but be followed by another.
  await Promise.all([client.invalidateQueries(), readAgain(client, { predicate: first, fetchStatus: 'fetching' })])
}

/** Picks the queries of these procedures that are about one of these. */
export function isAbout(procedures: readonly QueryKey[], ids: ReadonlySet<string>) {
  const paths = new Set(procedures.map(([path]) => String(path)))
  return ({ queryKey: [path, about] }: { queryKey: QueryKey }): boolean => {
    if (!paths.has(String(path))) return false
    const { id, vmId } = (about as { input?: { id?: string; vmId?: string } } | undefined)?.input ?? {}
    return ids.has(id ?? vmId ?? '')
  }
}
