import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  digestOfFolder,
  digestOfTree,
  MIB,
  makeImage,
  makeTree,
  noHurry,
  openImage,
  sorted,
  tool,
} from './testing/image.ts'
import { listVolumes, openVolume } from './volume.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-partition-'))
  await mkdir(join(folder, 'tree'))
  await makeTree(join(folder, 'tree'), { smallFiles: 50, hasLinks: true, largeBytes: MIB })
  await tool('mkfs.ext4', '-q', '-d', join(folder, 'tree'), await makeImage(join(folder, 'ext4'), 32 * MIB))
  await tool('mkfs.vfat', '-F', '16', '-n', 'ESP', await makeImage(join(folder, 'fat'), 16 * MIB))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Puts a file into a disk at an offset. */
async function put(disk: string, part: string | Buffer, offset: number) {
  const bytes = typeof part === 'string' ? await readFile(join(folder, part)) : part
  const file = await open(disk, 'r+')
  await file.write(bytes, 0, bytes.length, offset)
  await file.close()
}

async function look(path: string) {
  const disk = await openImage(path)
  try {
    return await listVolumes(disk, noHurry())
  } finally {
    await disk.close()
  }
}

async function gptDisk(): Promise<string> {
  const disk = await makeImage(join(folder, 'gpt'), 96 * MIB)
  const parts = ['-n', '1:1M:+16M', '-c', '1:EFI ünï', '-n', '3:20M:+32M', '-n', '7:60M:+8M', '-c', '7:volumes']
  await tool('sgdisk', ...parts, disk)
  await put(disk, 'fat', MIB)
  await put(disk, 'ext4', 20 * MIB)
  await put(disk, Buffer.from('LABELONE'), 60 * MIB + 512)
  return disk
}

const gptVolumes = [
  {
    number: 1,
    name: 'EFI ünï',
    kind: 'FAT16',
    label: 'ESP',
    startBytes: MIB,
    sizeBytes: 16 * MIB,
    obstacle: undefined,
  },
  { number: 3, name: '', kind: 'ext4', startBytes: 20 * MIB, sizeBytes: 32 * MIB, obstacle: undefined },
  { number: 7, name: 'volumes', kind: 'LVM', obstacle: expect.stringContaining('LVM puts together') },
]

test('GPT: each partition by its number, name and what is on it', async () => {
  const disk = await gptDisk()
  expect(await look(disk)).toMatchObject(gptVolumes)
  const image = await openImage(disk)
  const root = await (await openVolume(image, 3, noHurry())).root(noHurry())
  expect(sorted(await digestOfTree(root))).toEqual(sorted(await digestOfFolder(join(folder, 'tree'))))
  await expect(openVolume(image, 7, noHurry())).rejects.toMatchObject({ kind: 'unsupported', message: /^LVM: / })
  await expect(openVolume(image, 2, noHurry())).rejects.toMatchObject({ kind: 'not-found' })
  await image.close()
})

test('GPT: a broken first table is made up for by the copy at the end', async () => {
  const disk = join(folder, 'gpt-broken')
  await copyFile(await gptDisk(), disk)
  await put(disk, Buffer.alloc(512, 0xaa), 1024)
  expect(await look(disk)).toMatchObject(gptVolumes)
})

test('MBR with logical partitions, counted as the guest does', async () => {
  const disk = await makeImage(join(folder, 'mbr'), 128 * MIB)
  const script = join(folder, 'layout')
  const sectors = (mib: number) => mib * 2048
  const lines = [
    `1 : start=${sectors(1)}, size=${sectors(16)}, type=e`,
    `2 : start=${sectors(20)}, size=${sectors(100)}, type=5`,
    `5 : start=${sectors(21)}, size=${sectors(32)}, type=83`,
    `6 : start=${sectors(60)}, size=${sectors(8)}, type=82`,
    `7 : start=${sectors(80)}, size=${sectors(20)}, type=83`,
  ]
  await writeFile(script, `label: dos\n${lines.join('\n')}\n`)
  await tool('sh', '-c', `sfdisk -q ${disk} < ${script}`)
  await put(disk, 'fat', MIB)
  await put(disk, 'ext4', 21 * MIB)
  await put(disk, Buffer.from('SWAPSPACE2'), 60 * MIB + 4086)
  await put(disk, Buffer.from('LUKS\xba\xbe', 'latin1'), 80 * MIB)
  expect(await look(disk)).toMatchObject([
    { number: 1, kind: 'FAT16' },
    { number: 5, kind: 'ext4', sizeBytes: 32 * MIB },
    { number: 6, kind: 'swap', obstacle: expect.stringContaining('no files') },
    { number: 7, kind: 'LUKS', obstacle: expect.stringContaining('encrypted') },
  ])
})

test('a chain of logical partitions that leads in a circle ends', async () => {
  const disk = await makeImage(join(folder, 'circle'), 8 * MIB)
  const sector = (own: number, next: number) => {
    const bytes = Buffer.alloc(512)
    for (const [index, [type, start]] of [
      [0x83, own],
      [0x05, next],
    ].entries()) {
      const at = 446 + index * 16
      bytes.writeUInt8(type ?? 0, at + 4)
      bytes.writeUInt32LE(start ?? 0, at + 8)
      bytes.writeUInt32LE(100, at + 12)
    }
    bytes.writeUInt16LE(0xaa55, 510)
    return bytes
  }
  await put(disk, sector(1, 1000), 0)
  await put(disk, sector(1, 500), 1000 * 512)
  await put(disk, sector(1, 500), 1500 * 512)
  expect((await look(disk)).map(({ number }) => number)).toEqual([1, 5, 6])
})

test('an empty disk, and one of zero bytes, say that nothing known is on them', async () => {
  for (const size of [0, 511, 4 * MIB]) {
    const [only, ...rest] = await look(await makeImage(join(folder, 'empty'), size))
    expect(rest).toEqual([])
    expect(only).toMatchObject({ number: 0, kind: undefined, obstacle: expect.stringContaining('may be empty') })
  }
})

test('XFS is named', async () => {
  const disk = await makeImage(join(folder, 'xfs'), 4 * MIB)
  await put(disk, Buffer.from('XFSB'), 0)
  expect(await look(disk)).toMatchObject([{ kind: 'XFS', obstacle: expect.stringContaining('ext4 and FAT') }])
})
