import { openInOrder } from './chunk-reader.ts'
import type { ChunkStore } from './chunk-store.ts'
import { DamageError } from './damage.ts'
import type { ChunkKind } from './keyring.ts'
import { kindOf, type PackEntry, packHeader, packHeaderBytes } from './pack.ts'

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
  const header = await chunks.store.get(objectKey, { offset: 0, bytes: packHeaderBytes })
  if (!header) return
  if (!header.equals(packHeader(key, chunks.owner, Buffer.from(packId, 'hex')))) {
    const message = `The pack ${objectKey} in ${chunks.store.name} is damaged: its first bytes were altered.`
    throw new DamageError(message, { objectKey })
  }
  const placed = entries.map((entry) => ({ id: entry.id, about: entry, location: { ...entry, pack } }))
  const problems = openInOrder(chunks, placed, (of, frames) => chunks.problemsIn(of, frames))
  for await (const { about, opened: found } of problems) {
    if (pack.gone) return
    const problem = found === undefined ? undefined : `its bytes were altered (${found})`
    yield { entry: { ...about, kind: kindOf(about.flags) }, problem }
  }
}
