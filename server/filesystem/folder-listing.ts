import type { FileKind, FileNode } from './file-tree.ts'
import { ReadError } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

/** One line of a folder. */
export interface ListedFile {
  readonly name: string
  /** `damaged`: its name is there, what it leads to can't be read */
  readonly kind: FileKind | 'damaged'
  readonly sizeBytes: number
  readonly modifiedAt: Date | undefined
  readonly mode: number | undefined
  /** Where a symbolic link leads in the guest */
  readonly target: string | undefined
}

export interface FolderListing {
  readonly files: readonly ListedFile[]
  /** There are more, which are not listed */
  readonly isCut: boolean
  /** Why some are missing */
  readonly damage: string | undefined
}

export const mostListed = 50_000
/** Of all names and targets: a folder that somebody filled with the longest there are must not fill the memory. */
const mostLetters = 8_000_000

/** All of a folder, in the order in which it lies there; what is damaged spoils no other. */
export async function listFolder(folder: FileNode, limit: ReadLimit, most = mostListed): Promise<FolderListing> {
  const files: ListedFile[] = []
  let letters = 0
  try {
    for await (const { name, open } of folder.entries(limit)) {
      if (files.length === most || letters > mostLetters) return { files, isCut: true, damage: undefined }
      const file = await listed(name, open, limit)
      letters += name.length + (file.target?.length ?? 0)
      files.push(file)
    }
  } catch (error) {
    if (!(error instanceof ReadError) || error.kind !== 'damaged') throw error
    return { files, isCut: false, damage: error.message }
  }
  return { files, isCut: false, damage: undefined }
}

async function listed(
  name: string,
  open: (limit: ReadLimit) => Promise<FileNode>,
  limit: ReadLimit,
): Promise<ListedFile> {
  try {
    const node = await open(limit)
    const { kind, sizeBytes, modifiedAt, mode } = node
    const target = kind === 'link' ? await targetOf(node, limit) : undefined
    return { name, kind, sizeBytes, modifiedAt, mode, target }
  } catch (error) {
    if (!(error instanceof ReadError) || error.kind !== 'damaged') throw error
    return { name, kind: 'damaged', sizeBytes: 0, modifiedAt: undefined, mode: undefined, target: undefined }
  }
}

async function targetOf(link: FileNode, limit: ReadLimit): Promise<string | undefined> {
  try {
    return await link.target(limit)
  } catch (error) {
    if (!(error instanceof ReadError) || error.kind === 'too-much') throw error
    return undefined
  }
}
