import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { Paced } from './paced.ts'

/** Lists whose order or membership may have changed are read again at most this often. */
const rereadMs = 2_000

/** Reads a key again: at once when that was not done a moment ago, else when its time has come, once for many requests. */
export function useReread(client: QueryClient) {
  const paced = useMemo(() => new Paced(), [])
  useEffect(() => () => paced.stop(), [paced])
  return (queryKey: QueryKey, everyMs = rereadMs) =>
    paced.run(JSON.stringify(queryKey), everyMs, () => void client.invalidateQueries({ queryKey }))
}
