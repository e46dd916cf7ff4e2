import { SkerryError, unavailable } from '#server/errors.ts'

/** A folder as errors speak of it: by its name to everybody, by its path to operators. */
export interface FolderPlace {
  readonly name: string
  readonly root: string
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

export const isMissing = (error: unknown) => codeOf(error) === 'ENOENT'
export const isThere = (error: unknown) => codeOf(error) === 'EEXIST'
export const isFull = (error: unknown) => ['ENOSPC', 'EDQUOT'].includes(codeOf(error))

export const folderGone = ({ name, root }: FolderPlace, cause?: unknown) =>
  unavailable(`The ${name} is gone: its folder is not there, or is not the one that was prepared for backups.`, {
    wayOut: 'Mount it again, or set the datastore to the folder where its files are now.',
    detail: root,
    cause,
  })

const ways: Record<string, (name: string, step: string) => [message: string, wayOut: string]> = {
  ENOSPC: (name, step) => [
    `The ${name} is full: could not ${step}.`,
    'Make room on its file system, or remove recovery points and collect; what was stored before is whole.',
  ],
  EROFS: (name, step) => [
    `The ${name} is read-only: could not ${step}.`,
    'Mount its file system for writing; recovery points can still be read.',
  ],
  EACCES: (name, step) => [
    `The worker may not ${step} in the ${name}.`,
    'Give the user that runs the worker the right to read and write there.',
  ],
  EIO: (name, step) => [
    `The disk under the ${name} failed: could not ${step}.`,
    'Look at the disk and its cables, then verify the datastore.',
  ],
}
const aliases: Record<string, string> = { EDQUOT: 'ENOSPC', EPERM: 'EACCES' }

/** What the file system said, as an error that a person can act on. */
export function asFolderError(error: unknown, place: FolderPlace, step: string): SkerryError {
  if (error instanceof SkerryError) return error
  const code = codeOf(error)
  if (code === 'ENOENT') return folderGone(place, error)
  const [message, wayOut] = ways[aliases[code] ?? code]?.(place.name, step) ?? [
    `Could not ${step} in the ${place.name}${code ? ` (${code})` : ''}.`,
    'Look at the file system that holds it, then try again.',
  ]
  return unavailable(message, { wayOut, detail: place.root, cause: error })
}
