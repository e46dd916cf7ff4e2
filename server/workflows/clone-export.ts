import type { NbdExport } from '#server/nbd/export.ts'
import type { Extent } from '#server/nbd/extent.ts'
import { allocationFlag } from '#server/nbd/wire.ts'
import { chunkBytes, chunkCountOf } from '#server/repository/layout.ts'
import { isZeroId } from '#server/repository/manifest.ts'
import type { RecoveryPoint } from '#server/repository/recovery-point.ts'

const allocation = 'base:allocation'
const zeroes = allocationFlag.hole | allocationFlag.zero

/** Any range of a disk's bytes. */
export type ReadDisk = (target: string, offset: number, length: number) => Promise<Buffer>

/** The recovery point as it is open at the moment. */
export interface CloneSource {
  read: ReadDisk
  chunkId: RecoveryPoint['chunkId']
}

/** A disk of a recovery point, to be read only; what is zeros is told and not sent. */
export function cloneExport(
  { disks }: Pick<RecoveryPoint['description'], 'disks'>,
  target: string,
  source: CloneSource,
): NbdExport | undefined {
  const disk = disks.find(({ name }) => name === target)
  if (!disk) return undefined
  const { sizeBytes } = disk
  return {
    sizeBytes,
    preferredBytes: chunkBytes,
    multiConn: true,
    contexts: [allocation],
    read: (offset, length) => source.read(target, offset, length),
    async *extents(_context, offset, length): AsyncGenerator<Extent> {
      const end = Math.min(chunkCountOf(sizeBytes), Math.ceil((offset + length) / chunkBytes))
      let from = offset
      for (let index = Math.floor(offset / chunkBytes); index < end; index++) {
        const to = Math.min((index + 1) * chunkBytes, sizeBytes)
        const isZero = isZeroId(await source.chunkId(target, index))
        yield { offset: from, length: to - from, flags: isZero ? zeroes : 0 }
        from = to
      }
    },
  }
}
