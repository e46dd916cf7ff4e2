import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FileKind, FileNode } from './file-tree.ts'
import { damaged, ReadError } from './read-error.ts'
import { measureTar, writeTar } from './tar.ts'
import { digestOfFolder, MIB, makeImage, makeTree, noHurry, openImage, sorted, tool } from './testing/image.ts'
import { openVolume } from './volume.ts'

const run = promisify(execFile)
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-tar-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const limits = { mostFiles: 10_000, mostBytes: 2 ** 30 }

async function unpacked(root: FileNode, name: string, into: string) {
  await mkdir(join(folder, into))
  const archive = join(folder, `${into}.tar`)
  await pipeline(Readable.from(writeTar(root, name, noHurry())), createWriteStream(archive))
  await run('tar', ['-xf', archive, '-C', join(folder, into)])
  return join(folder, into, name)
}

test('GNU tar unpacks every file as it was', async () => {
  const tree = join(folder, 'tree')
  await mkdir(tree)
  await makeTree(tree, { smallFiles: 200, hasLinks: true, largeBytes: MIB })
  await rm(join(tree, 'not \u{fffd}\u{fffd}text'), { force: true })
  const image = await makeImage(join(folder, 'image'), 64 * MIB)
  await tool('mkfs.ext4', '-q', '-d', tree, image)
  const disk = await openImage(image)
  const root = await (await openVolume(disk, 0, noHurry())).root(noHurry())
  const out = await unpacked(root, 'Ordner “x”', 'out')
  const [expected, digest] = [await digestOfFolder(tree), await digestOfFolder(out)]
  digest.delete('/lost+found')
  // Its name is no text; the archive has it as it is shown.
  const odd = [...digest.keys()].find((path) => path.startsWith('/not '))
  const raw = [...expected.keys()].find((path) => path.startsWith('/not '))
  expect(odd && digest.get(odd)).toBe(raw && expected.get(raw))
  for (const each of [digest, expected]) for (const path of [odd, raw]) each.delete(path ?? '')
  expect(sorted(digest)).toEqual(sorted(expected))
  const { files, sizeBytes } = await measureTar(root, 'x', limits, noHurry())
  expect(files).toBe(expected.size + 2)
  expect(sizeBytes).toBeGreaterThan(7 * MIB)
  await expect(measureTar(root, 'x', { ...limits, mostFiles: 100 }, noHurry())).rejects.toMatchObject({
    kind: 'too-much',
  })
  await expect(measureTar(root, 'x', { ...limits, mostBytes: MIB }, noHurry())).rejects.toMatchObject({
    kind: 'too-much',
  })
  await disk.close()
})

/** A tree that no file system holds, unless somebody wrote it by hand. */
function node(kind: FileKind, id: string, inside: () => [string, FileNode][] = () => [], content = ''): FileNode {
  return {
    ...{ id, kind, sizeBytes: Buffer.byteLength(content), modifiedAt: undefined, mode: undefined },
    async *entries() {
      for (const [name, each] of inside()) yield { name, open: async () => each }
    },
    async *content() {
      yield Buffer.from(content)
    },
    target: async () => content,
  }
}

test('a link and a folder of one name do not lead out of where it is unpacked', async () => {
  const outside = join(folder, 'outside')
  await mkdir(outside)
  const evil = node('folder', '2', () => [['planted', node('file', '3', undefined, 'bad')]])
  const root = node('folder', '1', () => [
    ['way', node('link', '4', undefined, outside)],
    ['way', evil],
  ])
  const out = await unpacked(root, 'evil', 'evil-out')
  expect(await readdir(outside)).toEqual([])
  expect(await readdir(out)).toEqual(['way'])
})

test('a folder inside itself is entered once', async () => {
  const root: FileNode = node('folder', '1', () => [
    ['again', root],
    ['a', node('file', '2', undefined, 'x')],
  ])
  expect(await measureTar(root, 'circle', limits, noHurry())).toEqual({ files: 1, sizeBytes: 1 })
})

test('folders without end are given up', async () => {
  let count = 0
  const deeper = (): FileNode => node('folder', String(count++), () => [['down', deeper()]])
  await expect(measureTar(deeper(), 'deep', limits, noHurry())).rejects.toMatchObject({ kind: 'too-much' })
})

const broken = (at: number): Pick<FileNode, 'sizeBytes' | 'content'> => ({
  sizeBytes: 9 * MIB,
  async *content() {
    for (let piece = 0; piece < at; piece++) yield Buffer.alloc(MIB, 1)
    throw damaged('its content is gone')
  },
})

test('what can’t be read is left out and named, and the rest comes as it is', async () => {
  const locked = new ReadError('unsupported', 'The guest has encrypted this.')
  const lost: FileNode = {
    ...node('folder', '5'),
    async *entries() {
      yield { name: 'before it', open: async () => node('file', '6', undefined, 'there') }
      yield { name: 'lost\ninode', open: () => Promise.reject(damaged('a name leads to no file')) }
      throw damaged('part of this folder can’t be read')
    },
  }
  const root = node('folder', '1', () => [
    ['first', node('file', '2', undefined, 'x')],
    ['early', { ...node('file', '3'), ...broken(1) }],
    ['late', { ...node('file', '4'), ...broken(8) }],
    ['link', { ...node('link', '7'), target: () => Promise.reject(locked) }],
    ['shorter', { ...node('file', '8', undefined, 'short'), sizeBytes: 6 }],
    ['longer', { ...node('file', '9', undefined, 'longer'), sizeBytes: 5 }],
    ['lost', lost],
    ['last', node('file', '10', undefined, 'y')],
  ])
  expect(await measureTar(root, 'hurt', limits, noHurry())).toMatchObject({ files: 9 })
  const out = await unpacked(root, 'hurt', 'hurt-out')
  expect((await readdir(out, { recursive: true })).sort()).toEqual(['first', 'last', 'late', 'lost', 'lost/before it'])
  expect(await readFile(join(out, 'first'), 'utf8')).toBe('x')
  expect(await readFile(join(out, 'last'), 'utf8')).toBe('y')
  expect(await readFile(join(out, 'lost', 'before it'), 'utf8')).toBe('there')
  expect((await stat(join(out, 'late'))).size).toBe(0)
  const told = await readFile(join(out, '..', 'hurt - what is missing.txt'), 'utf8')
  expect(told.split('\n').slice(2)).toEqual([
    ...['hurt/early', '    The file system is damaged: its content is gone.'],
    ...['hurt/late', '    The file system is damaged: its content is gone.'],
    ...['hurt/link', '    The guest has encrypted this.'],
    ...['hurt/shorter', '    The file system is damaged: a file has another length than it says.'],
    ...['hurt/longer', '    The file system is damaged: a file has another length than it says.'],
    ...['hurt/lost/lost\u{fffd}inode', '    The file system is damaged: a name leads to no file.'],
    ...['hurt/lost/', '    The file system is damaged: part of this folder can’t be read.'],
    '',
  ])
})

test('what would take too long ends the archive in the middle: nobody takes it for a whole one', async () => {
  const slow = new ReadError('too-much', 'Reading this took too long, so it was given up.')
  const root = node('folder', '1', () => [
    ['file', { ...node('file', '2', undefined, 'x'), content: () => failing(slow) }],
  ])
  await expect(unpacked(root, 'slow', 'slow-out')).rejects.toBe(slow)
})

async function* failing(error: unknown): AsyncGenerator<Buffer> {
  yield* await Promise.reject<Buffer[]>(error)
}
