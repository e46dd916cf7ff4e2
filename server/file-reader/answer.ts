import { asSkerryError, notFound, SkerryError } from '#server/errors.ts'
import { type FileNode, type FileSystem, nodeAt } from '#server/filesystem/file-tree.ts'
import { type FolderListing, type ListedFile, listFolder } from '#server/filesystem/folder-listing.ts'
import { ReadError } from '#server/filesystem/read-error.ts'
import { ReadLimit } from '#server/filesystem/read-limit.ts'
import { measureTar, writeTar } from '#server/filesystem/tar.ts'
import { listVolumes, openVolume } from '#server/filesystem/volume.ts'
import {
  type ArchiveSize,
  archiveLimits,
  type ListFilesInput,
  type RecoveryFile,
  type RecoveryFiles,
  type RecoveryPlace,
  type RecoveryVolume,
} from '#server/schema/recovery-file.ts'
import { Kept } from './kept.ts'
import type { OpenPoint } from './open-points.ts'

const answerMs = 20_000
/** Between two pieces of a file */
const pieceMs = 30_000

/** Of whichever recovery points: what a disk's owner may fill is bounded for all of them together. */
const fileSystems = new Kept<FileSystem>()
/** Pages of one folder come one after the other. */
const listings = new Kept<FolderListing>()

export async function volumesOf(point: OpenPoint, disk: string): Promise<RecoveryVolume[]> {
  const volumes = await listVolumes(point.disk(disk), new ReadLimit(answerMs))
  return volumes.map(({ kind, warning, obstacle, ...volume }) => ({
    ...volume,
    ...{ kind: kind ?? null, warning: warning ?? null, obstacle: obstacle ?? null },
  }))
}

const fileSystemOf = (point: OpenPoint, { disk, volume }: RecoveryPlace): Promise<FileSystem> =>
  fileSystems.get(JSON.stringify([point.mark, disk, volume]), () =>
    openVolume(point.disk(disk), volume, new ReadLimit(answerMs)),
  )

async function nodeOf(point: OpenPoint, place: RecoveryPlace, kind: FileNode['kind'], limit: ReadLimit) {
  const node = await nodeAt(await fileSystemOf(point, place), place.path, limit)
  if (node.kind !== kind) {
    const what = kind === 'folder' ? 'folder' : 'file with content'
    throw new SkerryError('invalid', `“${place.path.at(-1) ?? '/'}” is not a ${what}.`)
  }
  return node
}

export async function filesOf(point: OpenPoint, input: ListFilesInput): Promise<RecoveryFiles> {
  const fileSystem = await fileSystemOf(point, input)
  const key = JSON.stringify([point.mark, input.disk, input.volume, input.path])
  const listing = await listings.get(key, async () => {
    const limit = new ReadLimit(answerMs)
    return listFolder(await nodeOf(point, input, 'folder', limit), limit)
  })
  const wanted = input.search.toLowerCase()
  const found = wanted ? listing.files.filter(({ name }) => name.toLowerCase().includes(wanted)) : listing.files
  const page = sorted(found, input).slice(input.cursor, input.cursor + input.limit)
  return {
    files: page.map(asRow),
    total: found.length,
    isCut: listing.isCut,
    damage: listing.damage ?? null,
    warning: fileSystem.warning ?? null,
  }
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

const orders: Record<ListFilesInput['sort'], (a: ListedFile, b: ListedFile) => number> = {
  name: () => 0,
  size: (a, b) => a.sizeBytes - b.sizeBytes,
  modified: (a, b) => (a.modifiedAt?.getTime() ?? 0) - (b.modifiedAt?.getTime() ?? 0),
}

/** Folders first; what is equal by its name. */
function sorted(files: FolderListing['files'], { sort, descending }: ListFilesInput): ListedFile[] {
  const sign = descending ? -1 : 1
  const rank = (file: ListedFile) => (file.kind === 'folder' ? 0 : 1)
  const byName = (a: ListedFile, b: ListedFile) => collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1)
  return [...files].sort((a, b) => {
    const nameSign = sort === 'name' ? sign : 1
    return rank(a) - rank(b) || sign * orders[sort](a, b) || nameSign * byName(a, b)
  })
}

const asRow = ({ name, kind, sizeBytes, modifiedAt, mode, target }: ListedFile): RecoveryFile => ({
  ...{ name, kind, sizeBytes },
  modifiedMs: modifiedAt && !Number.isNaN(modifiedAt.getTime()) ? modifiedAt.getTime() : null,
  mode: mode ?? null,
  target: target ?? null,
})

export async function archiveSizeOf(point: OpenPoint, place: RecoveryPlace): Promise<ArchiveSize> {
  const limit = new ReadLimit(answerMs)
  return measureTar(await nodeOf(point, place, 'folder', limit), 'folder', archiveLimits, limit)
}

export interface Content {
  /** Missing where it is not known beforehand */
  sizeBytes: number | undefined
  pieces: AsyncIterable<Buffer>
}

export async function contentOf(point: OpenPoint, place: RecoveryPlace, signal: AbortSignal): Promise<Content> {
  const limit = new ReadLimit(pieceMs, signal)
  const node = await nodeOf(point, place, 'file', limit)
  return { sizeBytes: node.sizeBytes, pieces: renewing(node.content(limit), limit) }
}

/** @throws before the first byte for a folder that is too large */
export async function archiveOf(point: OpenPoint, place: RecoveryPlace, signal: AbortSignal): Promise<Content> {
  await archiveSizeOf(point, place)
  const limit = new ReadLimit(pieceMs, signal)
  const folder = await nodeOf(point, place, 'folder', limit)
  const name = place.path.at(-1) ?? 'files'
  return { sizeBytes: undefined, pieces: renewing(writeTar(folder, name, limit), limit) }
}

/** Waiting for who takes a piece is no time of reading. */
async function* renewing(pieces: AsyncIterable<Buffer>, limit: ReadLimit): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    yield piece
    limit.renew()
  }
}

const restoreInstead = 'Restore the recovery point as a new VM, and take the files from there.'

/** Any failure in our words. */
export function asRefusal(error: unknown): SkerryError {
  if (!(error instanceof ReadError)) return asSkerryError(error)
  const { kind, message, cause } = error
  if (cause) return asSkerryError(cause)
  if (kind === 'not-found') return new SkerryError('not-found', message, { wayOut: notFound('file', '').wayOut ?? '' })
  if (kind === 'not-a-file' || kind === 'not-a-folder') return new SkerryError('invalid', message)
  return new SkerryError('unsupported', message, { wayOut: restoreInstead, cause: error })
}
