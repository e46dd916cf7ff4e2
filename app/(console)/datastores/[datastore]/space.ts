import type { Datastore } from './datastore-page.tsx'

export interface Space {
  restorableBytes: number
  /** What of that is not zeros */
  contentBytes: number
  /** What of that is different */
  differentBytes: number
  storedBytes: number
  deadBytes: number
  dedupRatio: number
  compressionRatio: number
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** All tenants together; nothing before the first measure. */
export function spaceOf(shares: Datastore['shares']): Space | null {
  if (shares.length === 0) return null
  const total = (of: (share: Datastore['shares'][number]) => number) => sum(shares.map(of))
  const contentBytes = total((share) => share.contentBytes)
  const differentBytes = total((share) => share.contentBytes / share.dedupRatio)
  const packedBytes = total((share) => share.contentBytes / share.dedupRatio / share.compressionRatio)
  return {
    ...{ restorableBytes: total((share) => share.restorableBytes), contentBytes, differentBytes },
    ...{ storedBytes: total((share) => share.storedBytes), deadBytes: total((share) => share.deadBytes) },
    dedupRatio: differentBytes > 0 ? contentBytes / differentBytes : 1,
    compressionRatio: packedBytes > 0 ? differentBytes / packedBytes : 1,
  }
}

/** "3.4 : 1" */
export const ratioText = (ratio: number) => `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)} : 1`
