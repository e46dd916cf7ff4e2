import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '#lab/command.ts'
import { withBackingPath } from './qcow2-backing.ts'

let folder = ''
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-qcow2-'))
  for (const base of ['base', 'a-base-of-quite-another-and-much-longer-name']) {
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', at(`${base}.qcow2`), '8M'])
    await run('qemu-io', ['-c', 'write -q -P 3 0 4M', at(`${base}.qcow2`)])
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function pass(path: string, from: string, to: string): Promise<void> {
  const chunks: Uint8Array[] = []
  const bytes = createReadStream(path, { highWaterMark: 3000 })
  for await (const chunk of withBackingPath(bytes, { from, to }, 'top.qcow2')) chunks.push(chunk)
  await writeFile(path, Buffer.concat(chunks))
}

test.each([
  'compat=1.1',
  'compat=0.10',
  'cluster_size=512',
  'cluster_size=2M',
  'compat=1.1,lazy_refcounts=on',
  'compat=1.1,compression_type=zstd',
  'compat=1.1,extended_l2=on,cluster_size=128k',
])('QEMU finds the other file, and the file whole with all that is in it: %s', async (options) => {
  const path = at('top.qcow2')
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', at('base.qcow2'), '-o', options, path])
  await run('qemu-io', ['-c', 'write -q -P 9 2M 256k', path])
  await run('qemu-img', ['snapshot', '-c', 'inside', path])
  if (!options.includes('0.10')) await run('qemu-img', ['bitmap', '--add', path, 'skerry-marks'])
  await run('qemu-io', ['-c', 'write -q -P 7 3M 2M', path])
  await run('qemu-img', ['convert', '-O', 'raw', path, at('before.raw')])
  const told = async () => {
    const text = await run('qemu-img', ['info', '--backing-chain', '--output', 'json', path])
    // What it takes on this machine's disk may differ: holes are filled.
    const { 'actual-size': _, ...facts } = JSON.parse(text)[0]
    return facts
  }
  const before = await told()
  let from = at('base.qcow2')
  for (const to of [at('a-base-of-quite-another-and-much-longer-name.qcow2'), at('base.qcow2')]) {
    await pass(path, from, to)
    expect(await told()).toEqual({ ...before, 'backing-filename': to, 'full-backing-filename': to })
    await run('qemu-img', ['check', '-q', path])
    expect(await run('qemu-img', ['compare', path, at('before.raw')])).toMatch(/identical/)
    from = to
  }
  // QEMU goes back to none while there are marks.
  if (!options.includes('0.10')) await run('qemu-img', ['bitmap', '--remove', path, 'skerry-marks'])
  await run('qemu-img', ['snapshot', '-a', 'inside', path])
  await rm(path)
})
