/** A folder as a tar archive (pax), made while it is read. */
import type { FileNode } from './file-tree.ts'
import { damaged, ReadError } from './read-error.ts'
import type { ReadLimit } from './read-limit.ts'

const blockBytes = 512
const deepest = 100
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

/**
 * Everything below a folder, folders before what is in them. Devices and the like are left out; of two things with one
 * name the first counts, so that nothing is written through a link of the same name when it is unpacked; a folder is
 * entered once, wherever it is named.
 */
async function* below(
  folder: FileNode,
  path: string,
  limit: ReadLimit,
  seen: Set<string>,
  depth = 0,
): AsyncGenerator<Found> {
  if (depth > deepest) throw new ReadError('too-much', `Folders in it are nested more than ${deepest} deep.`)
  seen.add(folder.id)
  const names = new Set<string>()
  const inside: Found[] = []
  for await (const { name, open } of folder.entries(limit)) {
    if (names.has(name)) continue
    names.add(name)
    const found = { path: `${path}/${name}`, node: await open(limit) }
    if (found.node.kind === 'folder') inside.push(found)
    else if (found.node.kind !== 'other') yield found
  }
  for (const found of inside) {
    if (seen.has(found.node.id)) continue
    yield found
    yield* below(found.node, found.path, limit, seen, depth + 1)
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
  for await (const { node } of below(folder, name, limit, new Set())) {
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

/** @param name of the folder in the archive */
export async function* writeTar(folder: FileNode, name: string, limit: ReadLimit): AsyncGenerator<Buffer> {
  yield* header(`${name}/`, folder, letters.folder, 0)
  for await (const { path, node } of below(folder, name, limit, new Set())) {
    if (node.kind === 'folder') yield* header(`${path}/`, node, letters.folder, 0)
    else if (node.kind === 'link') yield* header(path, node, letters.link, 0, await node.target(limit))
    else {
      yield* header(path, node, letters.file, node.sizeBytes)
      let left = node.sizeBytes
      for await (const piece of node.content(limit)) {
        yield piece
        left -= piece.length
      }
      if (left !== 0) throw damaged('a file has another length than it says')
      yield padding(node.sizeBytes)
    }
  }
  yield Buffer.alloc(2 * blockBytes)
}

function* header(path: string, node: FileNode, letter: string, sizeBytes: number, target = ''): Generator<Buffer> {
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
