/**
 * Why a file system could not be read. `damaged`: it contradicts itself or ends too early; `unsupported`: we don't read
 * such a thing; `too-much`: it would take longer, or hold more, than one request may.
 */
export type ReadErrorKind = 'damaged' | 'unsupported' | 'not-found' | 'not-a-folder' | 'not-a-file' | 'too-much'

/** An error of reading a file system; its words may be shown to whoever may see the disk. */
export class ReadError extends Error {
  readonly kind: ReadErrorKind

  /** @param options the cause, where not the file system but what it lies in is damaged */
  constructor(kind: ReadErrorKind, message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'ReadError'
    this.kind = kind
  }
}

export const damaged = (what: string) => new ReadError('damaged', `The file system is damaged: ${what}.`)

/** Spoils what it was met in, and nothing beside it. @throws the error, where it is of another kind */
export function spoiledBy(error: unknown): ReadError {
  if (error instanceof ReadError && (error.kind === 'damaged' || error.kind === 'unsupported')) return error
  throw error
}
