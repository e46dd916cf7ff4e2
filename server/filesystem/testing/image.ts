import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ByteSource } from '../byte-source.ts'
import { nameOfBytes } from '../entry-name.ts'
import type { FileNode } from '../file-tree.ts'
import { ReadLimit } from '../read-limit.ts'
import { openVolume } from '../volume.ts'

const run = promisify(execFile)
const settings = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL=C.UTF-8', 'MTOOLS_SKIP_CHECK=1']
export const MIB = 1024 * 1024

export const tool = async (name: string, ...args: string[]) =>
  (await run('env', [...settings, name, ...args], { maxBuffer: 64 * MIB })).stdout

export const noHurry = () => new ReadLimit(120_000)

/** An image in a file. */
export async function openImage(path: string): Promise<ByteSource & { close: () => Promise<void> }> {
  const file: FileHandle = await open(path)
  const { size } = await file.stat()
  return {
    sizeBytes: size,
    read: async (offset, length) => {
      const bytes = Buffer.alloc(length)
      const { bytesRead } = await file.read(bytes, 0, length, offset)
      if (bytesRead !== length) throw new Error(`The image ended at ${offset + bytesRead}`)
      return bytes
    },
    close: () => file.close(),
  }
}

export async function makeImage(path: string, sizeBytes: number): Promise<string> {
  await writeFile(path, '')
  await truncate(path, sizeBytes)
  return path
}

export interface TreeOptions {
  smallFiles: number
  /** FAT has none, nor names that are no text, nor do mtools write letters beyond 16 bits */
  hasLinks: boolean
  largeBytes?: number
}

/** Files of every kind, made by Node. */
export async function makeTree(
  root: string,
  { smallFiles, hasLinks, largeBytes = 9 * MIB }: TreeOptions,
): Promise<void> {
  const folders = ['many', 'a/b/c/d/e/f/g', 'empty', 'Grüße/日本語', 'with space']
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true })
  for (let index = 0; index < smallFiles; index++) {
    const content = randomBytes((index * 37) % 6000)
    // A last block of zeros alone would be a hole, which mke2fs loses when it may put short files into inodes.
    content.fill(1, Math.max(0, content.length - 1))
    await writeFile(join(root, 'many', `file number ${String(index).padStart(5, '0')}.bin`), content)
  }
  await writeFile(join(root, 'large.bin'), randomBytes(largeBytes + 123))
  await writeFile(join(root, 'nothing'), '')
  await writeFile(join(root, 'tiny.txt'), 'x')
  await writeFile(join(root, 'short.txt'), 'short text that fits into an inode, at just over sixty bytes, or so\n')
  await writeFile(join(root, 'a/b/c/d/e/f/g/deep.txt'), 'deep\n')
  await writeFile(join(root, `Grüße/日本語/ünï${hasLinks ? ' 🚀' : ''}.txt`), 'unicode\n')
  await writeFile(join(root, `${'n'.repeat(120)}.txt`), 'long name\n')
  const sparse = await open(join(root, 'sparse.img'), 'w')
  await sparse.truncate(6 * MIB + 17)
  await sparse.write(Buffer.from('in the middle'), 0, 13, 3 * MIB + 5)
  await sparse.close()
  if (!hasLinks) return
  await symlink('tiny.txt', join(root, 'short link'))
  await symlink(`many/${'../many/'.repeat(40)}file number 00000.bin`, join(root, 'long link'))
  await symlink('/etc/passwd', join(root, 'absolute link'))
  await symlink('../../../../etc/shadow', join(root, 'escaping link'))
  await writeFile(join(root, 'line\nbreak "quoted" \\.txt'), 'odd name\n')
  await writeFile(
    Buffer.concat([Buffer.from(`${root}/not `), Buffer.from([0xff, 0xfe]), Buffer.from('text')]),
    'bytes\n',
  )
}

/** Path → what is there: the hash of a file, the target of a link. */
export type Digest = Map<string, string>

const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** What Node says is in a folder. */
export async function digestOfFolder(root: string): Promise<Digest> {
  const digest: Digest = new Map()
  const walk = async (folder: Buffer, path: string) => {
    for (const name of await readdir(folder, { encoding: 'buffer' })) {
      const at = Buffer.concat([folder, Buffer.from('/'), name])
      const named = `${path}/${nameOfBytes(name)}`
      const status = await lstat(at)
      if (status.isDirectory()) {
        digest.set(named, 'folder')
        await walk(at, named)
      } else if (status.isSymbolicLink()) digest.set(named, `link ${await readlink(at)}`)
      else digest.set(named, `${status.size} ${hashOf(await readFile(at))}`)
    }
  }
  await walk(Buffer.from(root), '')
  return digest
}

/** What our own reader says is in a file system. */
export async function digestOfTree(root: FileNode, limit = noHurry()): Promise<Digest> {
  const digest: Digest = new Map()
  const walk = async (folder: FileNode, path: string) => {
    for await (const { name, open } of folder.entries(limit)) {
      if (path === '' && name === 'lost+found') continue
      const node = await open(limit)
      const named = `${path}/${name}`
      if (node.kind === 'folder') {
        digest.set(named, 'folder')
        await walk(node, named)
      } else if (node.kind === 'link') digest.set(named, `link ${await node.target(limit)}`)
      else if (node.kind === 'file') {
        const hash = createHash('sha256')
        let length = 0
        for await (const piece of node.content(limit)) {
          hash.update(piece)
          length += piece.length
        }
        digest.set(named, `${length} ${hash.digest('hex')}`)
      } else digest.set(named, 'other')
    }
  }
  await walk(root, '')
  return digest
}

export const sorted = (digest: Digest) => [...digest].sort(([a], [b]) => (a < b ? -1 : 1))

/** All that is in a volume of an image, in the order of the paths. */
export async function readVolume(image: string, number = 0) {
  const disk = await openImage(image)
  try {
    const { kind, warning, root } = await openVolume(disk, number, noHurry())
    return { kind, warning, digest: await digestOfTree(await root(noHurry())) }
  } finally {
    await disk.close()
  }
}
