import { SkerryError, unavailable } from '#server/errors.ts'

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

export const isMissing = (error: unknown) => codeOf(error) === 'ENOENT'
export const isThere = (error: unknown) => codeOf(error) === 'EEXIST'
export const isFull = (error: unknown) => ['ENOSPC', 'EDQUOT'].includes(codeOf(error))

export const folderGone = (root: string, cause?: unknown) =>
  unavailable(`The folder ${root} is gone, or is not the one that was prepared for backups.`, {
    wayOut: 'Mount it again, or set the datastore to the folder where its files are now.',
    cause,
  })

const ways: Record<string, (root: string, step: string) => [message: string, wayOut: string]> = {
  ENOSPC: (root, step) => [
    `The folder ${root} is full: could not ${step}.`,
    'Make room on its file system, or remove recovery points and collect; what was stored before is whole.',
  ],
  EROFS: (root, step) => [
    `The folder ${root} is read-only: could not ${step}.`,
    'Mount its file system for writing; recovery points can still be read.',
  ],
  EACCES: (root, step) => [
    `This process may not ${step} in the folder ${root}.`,
    'Give the user that runs the worker the right to read and write there.',
  ],
  EIO: (root, step) => [
    `The disk under the folder ${root} failed: could not ${step}.`,
    'Look at the disk and its cables, then verify the repository.',
  ],
}
const aliases: Record<string, string> = { EDQUOT: 'ENOSPC', EPERM: 'EACCES' }

/** What the file system said, as an error that a person can act on. */
export function asFolderError(error: unknown, root: string, step: string): SkerryError {
  if (error instanceof SkerryError) return error
  const code = codeOf(error)
  if (code === 'ENOENT') return folderGone(root, error)
  const [message, wayOut] = ways[aliases[code] ?? code]?.(root, step) ?? [
    `Could not ${step} in the folder ${root}${code ? ` (${code})` : ''}.`,
    'Look at the file system that holds it, then try again.',
  ]
  return unavailable(message, { wayOut, cause: error })
}
