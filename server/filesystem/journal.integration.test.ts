import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOfFolder, MIB, makeImage, makeTree, readVolume, sorted, tool } from './testing/image.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-journal-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(path: string) {
  const { warning, digest } = await readVolume(path)
  return { warning, digest: sorted(digest) }
}

test.each([
  ['its defaults', [], '-c'],
  ['a journal of 64 bits with checksums', ['-O', '64bit,metadata_csum', '-b', '1024'], '-c'],
  ['ext3', ['-t', 'ext3'], ''],
])('%s: what is in the journal alone is read as e2fsck would put it in its place', async (_, options, checksums) => {
  const [image, content] = [await makeImage(join(folder, 'image'), 64 * MIB), join(folder, 'content')]
  await writeFile(join(folder, 'plain'), 'x'.repeat(4096))
  await rm(join(folder, 'tree'), { recursive: true, force: true })
  await mkdir(join(folder, 'tree'))
  for (const name of ['changed', 'revoked', 'escaped'])
    await copyFile(join(folder, 'plain'), join(folder, 'tree', name))
  await tool('mkfs.ext4', '-q', '-d', join(folder, 'tree'), ...options, image)
  const blockOf = async (name: string) =>
    (await tool('debugfs', '-R', `blocks /${name}`, image)).trim().split(' ')[0] ?? ''
  await writeFile(content, 'from the journal '.padEnd(4096, '.'))
  await writeFile(`${content}-escaped`, Buffer.concat([Buffer.from('c03b3998', 'hex'), Buffer.alloc(4092, 'y')]))
  const [changed, revoked, escaped] = [await blockOf('changed'), await blockOf('revoked'), await blockOf('escaped')]
  const script = join(folder, 'script')
  const lines = [
    `jo ${checksums}`,
    `jw -b ${changed},${revoked} ${content}`,
    `jw -r ${revoked}`,
    `jw -b ${escaped} ${content}-escaped`,
    'jc',
  ]
  await writeFile(script, `${lines.join('\n')}\n`)
  await tool('debugfs', '-w', '-f', script, image)

  const judged = join(folder, 'judged')
  await copyFile(image, judged)
  await tool('e2fsck', '-fy', judged).catch(() => undefined)
  const expected = await read(judged)
  const { warning, digest } = await read(image)
  expect(expected.warning).toBeUndefined()
  expect(warning).toContain('What its journal holds is shown')
  expect(digest).toEqual(expected.digest)
  expect(digest, 'the journal changes something').not.toEqual(sorted(await digestOfFolder(join(folder, 'tree'))))
})

const isMountable = await tool('sh', '-c', 'test "$(id -u)" = 0 && test -e /dev/loop-control').then(
  () => true,
  () => false,
)

test.skipIf(!isMountable)('what a kernel had written when the disk was copied is all there', async () => {
  const [image, mountPoint, copy] = [join(folder, 'live'), join(folder, 'mount'), join(folder, 'copy')]
  await mkdir(mountPoint)
  await tool('mkfs.ext4', '-q', await makeImage(image, 96 * MIB))
  await tool('mount', '-o', 'loop', image, mountPoint)
  try {
    await makeTree(mountPoint, { smallFiles: 400, hasLinks: true, largeBytes: MIB })
    await rm(join(mountPoint, 'many'), { recursive: true })
    await mkdir(join(mountPoint, 'later'))
    for (let index = 0; index < 100; index++)
      await writeFile(join(mountPoint, 'later', `file ${index}`), `content ${index}`)
    await tool('sync', '-f', mountPoint)
    await copyFile(image, copy)
    const expected = await digestOfFolder(mountPoint)
    expected.delete('/lost+found')
    const { warning, digest } = await read(copy)
    expect(warning, 'it was in use').toBeDefined()
    expect(digest).toEqual(sorted(expected))
  } finally {
    await tool('umount', mountPoint)
  }
})
