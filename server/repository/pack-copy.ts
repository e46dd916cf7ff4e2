import { SkerryError } from '#server/errors.ts'
import type { ChunkStore } from './chunk-store.ts'
import type { LiveMarks } from './marks.ts'
import type { PackState } from './middle-map.ts'
import { kindOf } from './pack.ts'
import type { PackWriter } from './pack-writer.ts'

/**
 * Moves what lives of a pack, and has no other place that lasts, into the writer's packs.
 * @returns how many
 * @throws DamageError when the pack's footer is broken
 */
export async function copyLiveChunks(
  chunks: ChunkStore,
  writer: PackWriter,
  pack: PackState,
  marks: LiveMarks,
): Promise<number> {
  const bytes = await chunks.store.get(chunks.packObjectKey(pack.id))
  if (!bytes) return 0
  let moved = 0
  const { entries } = await chunks.openPackFooter(pack.id, bytes.length, bytes)
  for (const entry of entries) {
    const { id, offset, storedBytes, flags } = entry
    if (!marks.has(id) || writer.has(id)) continue
    try {
      const frame = { ...entry, bytes: bytes.subarray(offset, offset + storedBytes) }
      const { content } = await chunks.open(pack, frame)
      await writer.addContent(id, flags, content)
      moved++
    } catch (error) {
      if (error instanceof SkerryError) throw error
      // Nothing is lost by not copying what is broken; verify tells whom it hurts.
      await chunks.damage.report(id, kindOf(flags), [{ ...entry, pack }])
    }
  }
  return moved
}
