import { ReadError } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

export type FileKind = 'file' | 'folder' | 'link' | 'other'

/** A file, folder, symbolic link or something else of a file system. */
export interface FileNode {
  /** The same wherever a file system names the same file */
  readonly id: string
  readonly kind: FileKind
  readonly sizeBytes: number
  readonly modifiedAt: Date | undefined
  /** Permission bits, where the file system has any */
  readonly mode: number | undefined
  /** Of a folder, in the order in which they lie there, without `.` and `..` */
  entries(limit: ReadLimit): AsyncGenerator<FolderEntry>
  /** Of a file, from its begin, in pieces of up to 1 MiB that nobody may write to */
  content(limit: ReadLimit): AsyncGenerator<Buffer>
  /** What a symbolic link says; it is never followed */
  target(limit: ReadLimit): Promise<string>
}

export interface FolderEntry {
  /** Well-formed text without NUL or slash, one for one with what is stored; see `entry-name.ts` */
  readonly name: string
  open(limit: ReadLimit): Promise<FileNode>
}

export interface FileSystem {
  /** As a person reads it: ext4, FAT32 … */
  readonly kind: string
  readonly label: string
  /** What a reader should know, such as that it was in use */
  readonly warning: string | undefined
  root(limit: ReadLimit): Promise<FileNode>
}

const mostParts = 255

/** The node at a path; links on the way are not followed. @throws not-found, not-a-folder */
export async function nodeAt(fileSystem: FileSystem, path: readonly string[], limit: ReadLimit): Promise<FileNode> {
  if (path.length > mostParts) throw new ReadError('not-found', 'There is no folder so deep.')
  let node = await fileSystem.root(limit)
  for (const part of path) {
    if (node.kind !== 'folder') throw new ReadError('not-a-folder', `What “${part}” should be in is not a folder.`)
    const entry = await entryNamed(node, part, limit)
    if (!entry) throw new ReadError('not-found', `There is no “${part}” there.`)
    node = await entry.open(limit)
  }
  return node
}

async function entryNamed(folder: FileNode, name: string, limit: ReadLimit): Promise<FolderEntry | undefined> {
  for await (const entry of folder.entries(limit)) if (entry.name === name) return entry
  return undefined
}

/** What of a node's methods does not fit its kind. */
export const notA = (kind: 'folder' | 'file' | 'link') =>
  new ReadError(kind === 'folder' ? 'not-a-folder' : 'not-a-file', `This is not a ${kind}.`)
