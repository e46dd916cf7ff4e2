import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import type { ChunkKind } from './keyring.ts'
import { footerBytesOf, kindOf, type PackEntry, packHeader, packHeaderBytes } from './pack.ts'

const spanBytes = 4 * 1024 * 1024

/** Reads every byte of a pack. @throws DamageError when it can't be read as a whole; forbidden when it is somebody else's */
export async function* checkPack(
  chunks: ChunkStore,
  packId: string,
  sizeBytes: number,
): AsyncGenerator<{ entry: PackEntry & { kind: ChunkKind }; problem: string | undefined }> {
  const footer = await chunks.readPackFooter(packId, sizeBytes)
  // Moved by a collector since it was listed.
  if (!footer) return
  const { key, entries } = footer
  const pack = { id: packId, keyId: key.id, sizeBytes, gone: false, condemned: false, unsound: false }
  const objectKey = chunks.packObjectKey(packId)
  let span = await chunks.store.get(objectKey, { offset: 0, bytes: packHeaderBytes })
  if (!span?.equals(packHeader(key, chunks.owner, Buffer.from(packId, 'hex')))) {
    if (!span) return
    const message = `The pack ${objectKey} in ${chunks.store.name} is damaged: its first bytes were altered.`
    throw new DamageError(message, { objectKey })
  }
  let spanAt = 0
  for (const entry of entries) {
    const { id, offset, storedBytes, flags } = entry
    const end = offset + storedBytes
    if (end > spanAt + span.length) {
      spanAt = offset
      const bytes = Math.min(sizeBytes - footerBytesOf(entries.length) - offset, Math.max(spanBytes, storedBytes))
      span = await chunks.store.get(objectKey, { offset, bytes })
      if (!span) return
    }
    const frame = span.subarray(offset - spanAt, end - spanAt)
    const problem = await chunks.open(id, { pack, offset, storedBytes, flags }, frame).then(
      () => undefined,
      (error: Error) => `its bytes were altered (${error.message})`,
    )
    yield { entry: { ...entry, kind: kindOf(flags) }, problem }
  }
}
