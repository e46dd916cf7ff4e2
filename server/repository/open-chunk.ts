import type { KeyObject } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import { idOf } from './keyring.ts'
import { chunkBytes } from './layout.ts'
import { kindOf, openFrame, type PackEntry, zstdFlag } from './pack.ts'

/** What opens the frames of one pack; threads get a copy, so that its bytes have memory of their own. */
export interface PackKeys {
  readonly secret: KeyObject
  /** Datastore and tenant, 32 bytes. */
  readonly ownerBytes: Uint8Array
  /** Keys under which a chunk may have its id, the likeliest first. */
  readonly idKeys: readonly { readonly data: Uint8Array; readonly segment: Uint8Array }[]
}

/** A frame as it was read, and what it should be. */
export interface Frame extends PackEntry {
  readonly bytes: Buffer
}

/**
 * The content of a frame, checked twice: by its seal and by its id.
 * @returns what was sealed, which may be compressed, and what it means
 * @throws Error when anything is not as it was written
 */
export function openChunk(keys: PackKeys, frame: Frame): { content: Buffer; bytes: Buffer } {
  const { id, flags, storedBytes } = frame
  if (frame.bytes.length !== storedBytes) throw new Error('The frame is cut short')
  const content = openFrame(keys.secret, keys.ownerBytes, frame, frame.bytes)
  const bytes =
    flags & zstdFlag ? zstdDecompressSync(content, { maxOutputLength: chunkBytes, chunkSize: chunkBytes }) : content
  const kind = kindOf(flags)
  if (!keys.idKeys.some((idKey) => idOf(idKey[kind], bytes).equals(id))) throw new Error('The content has another id')
  return { content, bytes }
}

/** A chunk, or why its frame is not as it was written. */
export type Opened = { readonly bytes: Buffer } | { readonly problem: string }

export const openAll = (keys: PackKeys, frames: readonly Frame[]): Opened[] =>
  frames.map((frame) => {
    try {
      return { bytes: openChunk(keys, frame).bytes }
    } catch (error) {
      return { problem: (error as Error).message }
    }
  })

export const problemsOf = (opened: readonly Opened[]) =>
  opened.map((each) => ('problem' in each ? each.problem : undefined))
