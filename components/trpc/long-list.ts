interface LongList {
  hasNextPage: boolean
  isFetching: boolean
  isError: boolean
  fetchNextPage: (options: { cancelRefetch: boolean }) => unknown
}

/**
 * How many rows a table has, with those still to come. What is counted and what is read are of different moments: a list
 * read to its end has no more, and one that goes on has one more at least.
 */
export const rowCount = ({ hasNextPage }: Pick<LongList, 'hasNextPage'>, loaded: number, counted = 0): number =>
  hasNextPage ? Math.max(counted, loaded + 1) : loaded

/**
 * Reads on, but not while it is read again: that would be broken off, and what changed stay unseen. What failed is tried
 * again by whoever is told so, not for ever.
 */
export function readNextPage({ hasNextPage, isFetching, isError, fetchNextPage }: LongList): void {
  if (hasNextPage && !isFetching && !isError) void fetchNextPage({ cancelRefetch: false })
}
