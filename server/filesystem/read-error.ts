/**
 * Why a file system could not be read. `damaged`: it contradicts itself or ends too early; `unsupported`: we don't read
 * such a thing; `too-much`: it would take longer, or hold more, than one request may.
 */
export type ReadErrorKind = 'damaged' | 'unsupported' | 'not-found' | 'not-a-folder' | 'not-a-file' | 'too-much'

/** An error of reading a file system; its words may be shown to whoever may see the disk. */
export class ReadError extends Error {
  readonly kind: ReadErrorKind

  constructor(kind: ReadErrorKind, message: string) {
    super(message)
    this.name = 'ReadError'
    this.kind = kind
  }
}

export const damaged = (what: string) => new ReadError('damaged', `The file system is damaged: ${what}.`)
