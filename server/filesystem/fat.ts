/** Reads FAT12, FAT16 and FAT32 with long names. Writes nothing. */
import { type ByteSource, readUpTo, readWithin } from './byte-source.ts'
import { entryBytes, type FatEntry, FatEntryReader, volumeLabel } from './fat-entry.ts'
import { type FatLayout, readFatLayout } from './fat-layout.ts'
import { type FileNode, type FileSystem, type FolderEntry, notA } from './file-tree.ts'
import { damaged } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

const pieceBytes = 1024 * 1024
const windowBytes = 16 * 1024
/** No folder may have more, whatever its chain says. */
const largestFolderBytes = 65_536 * entryBytes
const bitsOf = { FAT12: 12, FAT16: 16, FAT32: 32 }

/** @returns nothing where there is no FAT */
export async function openFat(source: ByteSource, limit: ReadLimit): Promise<FileSystem | undefined> {
  const layout = readFatLayout(await readUpTo(source, 0, 512, limit))
  if (!layout) return undefined
  const fat = new Fat(source, layout)
  return { kind: layout.kind, label: await fat.label(limit), warning: undefined, root: async () => fat.root() }
}

class Fat {
  readonly #source: ByteSource
  readonly #layout: FatLayout

  constructor(source: ByteSource, layout: FatLayout) {
    this.#source = source
    this.#layout = layout
  }

  async label(limit: ReadLimit): Promise<string> {
    try {
      for await (const piece of this.#folderPieces(undefined, limit)) {
        for (let at = 0; at + entryBytes <= piece.length; at += entryBytes) {
          if (piece[at] === 0) return ''
          const label = volumeLabel(piece.subarray(at, at + entryBytes))
          if (label !== undefined) return label
        }
      }
    } catch {
      // Without a root folder that can be read it has no name; listing it says why.
    }
    return ''
  }

  root(): FileNode {
    return this.#node(undefined)
  }

  /** @param entry nothing for the root folder */
  #node(entry: FatEntry | undefined): FileNode {
    const isFolder = entry?.isFolder ?? true
    return {
      id: entry ? `${isFolder ? 'folder' : 'file'} ${entry.cluster}` : 'root',
      kind: isFolder ? 'folder' : 'file',
      sizeBytes: isFolder ? 0 : (entry?.sizeBytes ?? 0),
      modifiedAt: entry?.modifiedAt,
      mode: entry?.isReadOnly ? 0o444 : undefined,
      entries: (limit) => this.#entries(entry, limit),
      content: (limit) => this.#content(entry, limit),
      target: async () => {
        throw notA('link')
      },
    }
  }

  async *#entries(folder: FatEntry | undefined, limit: ReadLimit): AsyncGenerator<FolderEntry> {
    if (folder && !folder.isFolder) throw notA('folder')
    const reader = new FatEntryReader()
    for await (const piece of this.#folderPieces(folder, limit)) {
      for (let at = 0; at + entryBytes <= piece.length; at += entryBytes) {
        const entry = reader.read(piece.subarray(at, at + entryBytes))
        if (entry === 'end') return
        if (entry) yield { name: entry.name, open: async () => this.#node(entry) }
      }
    }
  }

  async *#folderPieces(folder: FatEntry | undefined, limit: ReadLimit): AsyncGenerator<Buffer> {
    const { kind, rootOffset, rootBytes, rootCluster } = this.#layout
    if (!folder && kind !== 'FAT32') {
      yield readWithin(this.#source, rootOffset, rootBytes, limit)
      return
    }
    const first = folder ? this.#clusterOf(folder) : rootCluster
    yield* this.#chain(first, largestFolderBytes, limit)
  }

  async *#content(entry: FatEntry | undefined, limit: ReadLimit): AsyncGenerator<Buffer> {
    if (!entry || entry.isFolder) throw notA('file')
    let left = entry.sizeBytes
    if (left === 0) return
    for await (const piece of this.#chain(this.#clusterOf(entry), left, limit)) {
      const part = piece.subarray(0, Math.min(piece.length, left))
      yield part
      left -= part.length
      if (left === 0) return
    }
    throw damaged('a file is shorter than its length')
  }

  #clusterOf({ cluster }: FatEntry): number {
    // The upper half means something else where 16 bits are enough.
    return this.#layout.kind === 'FAT32' ? cluster : cluster & 0xffff
  }

  /** The bytes of a chain of clusters, as far as they are wanted: no longer, even where it leads in a circle. */
  async *#chain(first: number, wantedBytes: number, limit: ReadLimit): AsyncGenerator<Buffer> {
    const { clusterBytes, clusterCount } = this.#layout
    const mostClusters = Math.min(clusterCount, Math.ceil(wantedBytes / clusterBytes))
    const table = new FatTable(this.#source, this.#layout)
    let cluster = first
    for (let taken = 0; taken < mostClusters; ) {
      const start = cluster
      let count = 0
      let next: number | undefined = cluster
      while (next === start + count && taken + count < mostClusters && (count + 1) * clusterBytes <= pieceBytes) {
        this.#assertCluster(next)
        count++
        next = await table.after(start + count - 1, limit)
      }
      yield readWithin(this.#source, this.#offsetOf(start), count * clusterBytes, limit)
      taken += count
      if (next === undefined) return
      cluster = next
    }
  }

  #assertCluster(cluster: number) {
    if (cluster < 2 || cluster >= this.#layout.clusterCount + 2) throw damaged('a file leads past its end')
  }

  #offsetOf(cluster: number): number {
    return this.#layout.dataOffset + (cluster - 2) * this.#layout.clusterBytes
  }
}

/** The table that says which cluster comes after which. */
class FatTable {
  readonly #source: ByteSource
  readonly #layout: FatLayout
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0

  constructor(source: ByteSource, layout: FatLayout) {
    this.#source = source
    this.#layout = layout
  }

  /** @returns nothing at the end of a chain */
  async after(cluster: number, limit: ReadLimit): Promise<number | undefined> {
    const { kind } = this.#layout
    const bits = bitsOf[kind]
    const at = Math.floor((cluster * bits) / 8)
    await this.#load(at, Math.ceil(bits / 8), limit)
    const start = at - this.#windowAt
    if (kind === 'FAT32') {
      const next = this.#window.readUInt32LE(start) & 0x0fffffff
      return next >= 0x0ffffff8 ? undefined : next
    }
    const pair = this.#window.readUInt16LE(start)
    if (kind === 'FAT16') return pair >= 0xfff8 ? undefined : pair
    const next = cluster % 2 === 0 ? pair & 0xfff : pair >> 4
    return next >= 0xff8 ? undefined : next
  }

  async #load(at: number, length: number, limit: ReadLimit) {
    if (at >= this.#windowAt && at + length <= this.#windowAt + this.#window.length) return
    const { fatOffset, fatBytes } = this.#layout
    if (at + length > fatBytes) throw damaged('its table of clusters is too short')
    this.#windowAt = at
    this.#window = await readWithin(this.#source, fatOffset + at, Math.min(windowBytes, fatBytes - at), limit)
  }
}
