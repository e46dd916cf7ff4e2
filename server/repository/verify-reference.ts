import type { HurtRecoveryPoint } from './damage.ts'
import { idBytes, segmentChunks } from './layout.ts'
import { type Manifest, segmentIdAt } from './manifest.ts'

const namedChunks = 8

/** For each broken chunk or segment (its id in hex) the recovery points that name it. */
export function hurtByChunk(
  manifests: readonly Manifest[],
  segments: ReadonlyMap<string, ReadonlyMap<number, string>>,
): Map<string, HurtRecoveryPoint[]> {
  const hurts = new Map<string, HurtRecoveryPoint[]>()
  if (segments.size === 0) return hurts
  for (const { id: recoveryPointId, description, segments: disks } of manifests) {
    for (const [at, { ids, counts }] of disks.entries()) {
      const disk = description.disks[at]?.name ?? ''
      const found = new Map<string, { chunkCount: number; chunkIndexes: number[] }>()
      for (let segment = 0; segment * idBytes < ids.length; segment++) {
        const broken = segments.get(segmentIdAt(ids, segment).toString('latin1'))
        for (const [index, chunkId] of broken ?? []) {
          const hurt = found.get(chunkId) ?? { chunkCount: 0, chunkIndexes: [] }
          hurt.chunkCount += index < 0 ? counts.readUInt16LE(segment * 2) : 1
          if (hurt.chunkIndexes.length < namedChunks)
            hurt.chunkIndexes.push(segment * segmentChunks + Math.max(0, index))
          found.set(chunkId, hurt)
        }
      }
      for (const [chunkId, hurt] of found) {
        hurts.set(chunkId, [...(hurts.get(chunkId) ?? []), { recoveryPointId, disk, ...hurt }])
      }
    }
  }
  return hurts
}
