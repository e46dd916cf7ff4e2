/** A folder as a tar archive (pax), made while it is read. */
import { zeroBytes } from './block-run.ts'
import type { FileNode } from './file-tree.ts'
import { damaged, ReadError, spoiledBy } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

const blockBytes = 512
const deepest = 100
const mostKeptBytes = 4 * 1024 * 1024
/** In the list of what is missing */
const mostNamed = 1000
const longestInHeader = 100
const largestInHeader = 0o77777777777
const letters = { file: '0', link: '2', folder: '5', pax: 'x' }

export interface TarLimits {
  readonly mostFiles: number
  readonly mostBytes: number
}

interface Found {
  path: string
  node: FileNode
}

/** Goes on without something that can't be read. @throws the error, where it is no reason to go on */
type LeaveOut = (path: string, error: unknown) => void

interface Walk {
  limit: ReadLimit
  leaveOut: LeaveOut
  seen: Set<string>
}

/**
 * Everything below a folder, folders before what is in them. Devices and the like are left out; of two things with one
 * name the first counts, so that nothing is written through a link of the same name when it is unpacked; a folder is
 * entered once, wherever it is named.
 */
async function* below(folder: FileNode, path: string, walk: Walk, depth = 0): AsyncGenerator<Found> {
  if (depth > deepest) throw new ReadError('too-much', `Folders in it are nested more than ${deepest} deep.`)
  walk.seen.add(folder.id)
  const inside: Found[] = []
  for await (const found of directlyIn(folder, path, walk)) {
    if (found.node.kind === 'folder') inside.push(found)
    else if (found.node.kind !== 'other') yield found
  }
  for (const found of inside) {
    if (walk.seen.has(found.node.id)) continue
    yield found
    yield* below(found.node, found.path, walk, depth + 1)
  }
}

async function* directlyIn(folder: FileNode, path: string, { limit, leaveOut }: Walk): AsyncGenerator<Found> {
  const names = new Set<string>()
  try {
    for await (const { name, open } of folder.entries(limit)) {
      if (names.has(name)) continue
      names.add(name)
      const inside = `${path}/${name}`
      const node = await open(limit).catch((error: unknown) => leaveOut(inside, error))
      if (node) yield { path: inside, node }
    }
  } catch (error) {
    leaveOut(`${path}/`, error)
  }
}

/** @throws too-much for a folder that holds more than the limits, before any of it is sent */
export async function measureTar(
  folder: FileNode,
  name: string,
  { mostFiles, mostBytes }: TarLimits,
  limit: ReadLimit,
): Promise<{ files: number; sizeBytes: number }> {
  let [files, sizeBytes] = [0, 0]
  const leaveOut = (_: string, error: unknown) => void spoiledBy(error)
  for await (const { node } of below(folder, name, { limit, leaveOut, seen: new Set() })) {
    files++
    sizeBytes += node.sizeBytes
    if (files > mostFiles) {
      throw new ReadError(
        'too-much',
        `The folder holds more than the ${mostFiles.toLocaleString('en')} files an archive may have.`,
      )
    }
    if (sizeBytes > mostBytes) {
      throw new ReadError('too-much', `The folder holds more than the ${mostBytes / 2 ** 30} GiB an archive may have.`)
    }
  }
  return { files, sizeBytes }
}

/**
 * What can't be read is left out, and named in a text that comes last, beside the folder.
 * @param name of the folder in the archive
 */
export async function* writeTar(folder: FileNode, name: string, limit: ReadLimit): AsyncGenerator<Buffer> {
  const missing: string[] = []
  let more = 0
  const leaveOut = (path: string, error: unknown) => {
    const line = lineOf(path, spoiledBy(error))
    if (missing.length < mostNamed) missing.push(line)
    else more++
  }
  yield* header(`${name}/`, folder, letters.folder, 0)
  for await (const { path, node } of below(folder, name, { limit, leaveOut, seen: new Set() })) {
    if (node.kind === 'folder') yield* header(`${path}/`, node, letters.folder, 0)
    else if (node.kind === 'file') yield* file(path, node, limit, leaveOut)
    else {
      const target = await node.target(limit).catch((error: unknown) => leaveOut(path, error))
      if (target !== undefined) yield* header(path, node, letters.link, 0, target)
    }
  }
  if (more > 0) missing.push(`And ${more} more.\n`)
  if (missing.length > 0) yield* listOf(missing, `${name} - what is missing.txt`)
  yield Buffer.alloc(2 * blockBytes)
}

/** Nothing of it is sent until it is known to be whole, or too large to be kept until then. */
async function* file(path: string, node: FileNode, limit: ReadLimit, leaveOut: LeaveOut): AsyncGenerator<Buffer> {
  const pieces = wholeContent(node, limit)
  const kept: Buffer[] = []
  let keptBytes = 0
  try {
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
      kept.push(next.value)
      keptBytes += next.value.length
      if (keptBytes >= mostKeptBytes) break
    }
  } catch (error) {
    return leaveOut(path, error)
  }
  yield* header(path, node, letters.file, node.sizeBytes)
  yield* kept
  let left = node.sizeBytes - keptBytes
  kept.length = 0
  try {
    for await (const piece of pieces) {
      yield piece
      left -= piece.length
    }
  } catch (error) {
    leaveOut(path, error)
    yield* zeroBytes(left)
    yield padding(node.sizeBytes)
    // What was sent of it is not taken for the file: unpacked, the last of a name is what stays.
    return yield* header(path, node, letters.file, 0)
  }
  yield padding(node.sizeBytes)
}

/** @throws damaged when it is not as long as it says, before more than that has come */
async function* wholeContent(node: FileNode, limit: ReadLimit): AsyncGenerator<Buffer> {
  const unlike = () => damaged('a file has another length than it says')
  let left = node.sizeBytes
  for await (const piece of node.content(limit)) {
    left -= piece.length
    if (left < 0) throw unlike()
    yield piece
  }
  if (left !== 0) throw unlike()
}

/** On one line, whatever the path is made of. */
const lineOf = (path: string, { message }: ReadError) =>
  `${path.replaceAll(/\p{Cc}/gu, '\u{fffd}')}\n    ${message.replaceAll(/\p{Cc}/gu, ' ')}\n`

function* listOf(missing: readonly string[], path: string): Generator<Buffer> {
  const head = 'These could not be read. They are not in this archive, or empty files there:\n\n'
  const text = Buffer.from(head + missing.join(''))
  yield* header(path, { modifiedAt: new Date(), mode: undefined }, letters.file, text.length)
  yield text
  yield padding(text.length)
}

type About = Pick<FileNode, 'mode' | 'modifiedAt'>

function* header(path: string, node: About, letter: string, sizeBytes: number, target = ''): Generator<Buffer> {
  const records: string[] = []
  if (!fits(path)) records.push(record('path', path))
  if (!fits(target)) records.push(record('linkpath', target))
  if (sizeBytes > largestInHeader) records.push(record('size', String(sizeBytes)))
  if (records.length > 0) {
    const body = Buffer.from(records.join(''))
    yield ustar({ path: 'PaxHeader', mode: 0o644, sizeBytes: body.length, seconds: 0, letter: letters.pax, target: '' })
    yield body
    yield padding(body.length)
  }
  const mode = (node.mode ?? (letter === letters.folder ? 0o755 : 0o644)) & 0o777
  const seconds = Math.max(0, Math.floor((node.modifiedAt?.getTime() ?? 0) / 1000))
  yield ustar({ path, mode, sizeBytes, seconds, letter, target })
}

const fits = (text: string) => Buffer.byteLength(text) <= longestInHeader && /^[\x20-\x7e]*$/.test(text)

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  let length = bytes + String(bytes).length
  if (String(length).length !== String(bytes).length) length = bytes + String(length).length
  return `${length}${rest}`
}

interface Header {
  path: string
  mode: number
  sizeBytes: number
  seconds: number
  letter: string
  target: string
}

function ustar({ path, mode, sizeBytes, seconds, letter, target }: Header): Buffer {
  const bytes = Buffer.alloc(blockBytes)
  const octal = (value: number, at: number, length: number) =>
    bytes.write(
      value
        .toString(8)
        .padStart(length - 1, '0')
        .slice(-(length - 1)),
      at,
      'latin1',
    )
  bytes.write(path, 0, longestInHeader)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(Math.min(sizeBytes, largestInHeader), 124, 12)
  octal(Math.min(seconds, largestInHeader), 136, 12)
  bytes.write(' '.repeat(8), 148, 'latin1')
  bytes.write(letter, 156, 'latin1')
  bytes.write(target, 157, longestInHeader)
  bytes.write('ustar\x0000', 257, 'latin1')
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return bytes
}

const padding = (length: number) => Buffer.alloc((blockBytes - (length % blockBytes)) % blockBytes)
