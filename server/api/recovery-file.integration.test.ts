import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestOfFolder, sorted, tool } from '#server/filesystem/testing/image.ts'
import { callAs } from '#server/testing/call.ts'
import { flipByte } from '#server/testing/flip-byte.ts'
import { recoveryFileTrial } from '#server/testing/recovery-file-trial.ts'
import { packsOf } from '#server/testing/store-files.ts'

const trial = recoveryFileTrial()
const { recoveryPointId, root, large, download } = trial
type Who = keyof (typeof trial)['cast']['headers']
const lastEntry = () => trial.services.authDb.auditEntry.findFirst({ orderBy: { at: 'desc' } })
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('listing', () => {
  test('disks and what is on them', async () => {
    const caller = await callAs(trial.services, trial.cast.headers.owner)
    const { disks, vmName } = await caller.recoveryFile.volumes({ recoveryPointId })
    expect(vmName).toBe(trial.world.vm.name)
    expect(disks).toMatchObject([
      { target: 'vda', volumes: [{ number: 0, kind: 'ext4', label: 'data', obstacle: null }] },
      { target: 'vdb', volumes: [{ number: 0, kind: null, obstacle: expect.stringContaining('may be empty') }] },
    ])
  })

  test('a folder a page at a time, folders first, sorted and searched', async () => {
    const { recoveryFile } = await callAs(trial.services, trial.cast.headers.owner)
    const top = await recoveryFile.list(root)
    expect(top.files.slice(0, 3).map(({ kind }) => kind)).toEqual(['folder', 'folder', 'folder'])
    expect(top.files.find(({ name }) => name === 'escaping link')).toMatchObject({
      kind: 'link',
      target: '../../../../etc/shadow',
    })
    const many = { ...root, path: ['many'] }
    const first = await recoveryFile.list({ ...many, limit: 500 })
    const second = await recoveryFile.list({ ...many, limit: 500, cursor: 500 })
    expect([first.total, first.files.length, second.files.length]).toEqual([700, 500, 200])
    expect(new Set([...first.files, ...second.files].map(({ name }) => name)).size).toBe(700)
    const largest = await recoveryFile.list({ ...root, sort: 'size', descending: true })
    expect(largest.files.find(({ kind }) => kind === 'file')).toMatchObject({
      name: 'large.bin',
      sizeBytes: large.length,
    })
    const found = await recoveryFile.list({ ...many, search: 'NUMBER 0012' })
    expect(found.total).toBe(10)
  })

  test('links are not followed, names are no ways, and each refusal says which', async () => {
    const { recoveryFile } = await callAs(trial.services, trial.cast.headers.owner)
    const code = (path: string[]) =>
      recoveryFile.list({ ...root, path }).then(
        () => 'ok',
        (error) => error.cause?.code ?? error.code,
      )
    expect(await code(['absolute link'])).toBe('invalid')
    expect(await code(['long link'])).toBe('invalid')
    expect(await code(['a', '..'])).not.toBe('ok')
    expect(await code(['a/b'])).not.toBe('ok')
    expect(await code(['a\0'])).not.toBe('ok')
    expect(await code(['nowhere'])).toBe('not-found')
    expect(await code(['tiny.txt', 'below'])).toBe('invalid')
  })
})

describe('downloading', () => {
  test('a file comes as it is, with an audit entry that names it', async () => {
    const response = await download('owner', ['large.bin'])
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(large.length),
      'content-disposition': `attachment; filename="large.bin"; filename*=UTF-8''large.bin`,
    })
    expect(hash(Buffer.from(await response.arrayBuffer()))).toBe(hash(large))
    expect(await lastEntry()).toMatchObject({
      ...{ action: 'vm.download-file', outcome: 'succeeded', actorName: 'Owen', tenantId: trial.world.tenant.id },
      ...{ resourceName: trial.world.vm.name, detail: { recoveryPointId, disk: 'vda', volume: 0, path: '/large.bin' } },
    })
  })

  test('odd names are found again and saved under sound ones', async () => {
    const names: [string, string][] = [
      ['line\nbreak "quoted" \\.txt', 'odd name\n'],
      ['not \u{fffd}FF\u{fffd}FEtext', 'bytes\n'],
    ]
    for (const [name, content] of names) {
      const response = await download('owner', [name])
      expect(await response.text()).toBe(content)
      expect(response.headers.get('content-disposition')).not.toMatch(/[\r\n\\]/)
    }
  })

  test('a folder comes as an archive that tar unpacks', async () => {
    const response = await download('owner', [], 'archive')
    expect(response.headers.get('content-disposition')).toContain('filename="vda-0.tar"')
    const archive = join(trial.folder, 'all.tar')
    await writeFile(archive, Buffer.from(await response.arrayBuffer()))
    const out = join(trial.folder, 'out')
    await mkdir(out)
    await tool('tar', '-xf', archive, '-C', out)
    expect(await readdir(join(out, 'files', 'many'))).toHaveLength(700)
    expect(hash(await readFile(join(out, 'files', 'large.bin')))).toBe(hash(large))
    expect(await readlink(join(out, 'files', 'absolute link'))).toBe('/etc/passwd')
    const { recoveryFile } = await callAs(trial.services, trial.cast.headers.owner)
    expect((await recoveryFile.measure(root)).files).toBeGreaterThan(700)
  })

  test('who may not restore the VM gets nothing of its files, and the refusal is in the trail', async () => {
    const statuses: [Who, number][] = [
      ['nobody', 401],
      ['expired', 401],
      ['stranger', 404],
      ['viewer', 403],
      ['operator', 200],
    ]
    for (const [who, status] of statuses) {
      const response = await download(who, ['tiny.txt'])
      expect(response.status, who).toBe(status)
      const text = await response.text()
      if (status !== 200) expect(text).toContain('"error"')
      else expect(text).toBe('x')
      if (who === 'viewer') {
        expect(await lastEntry()).toMatchObject({
          ...{ action: 'vm.download-file', outcome: 'denied', actorName: 'Vera' },
          detail: { path: '/tiny.txt' },
        })
      }
    }
    const caller = await callAs(trial.services, trial.cast.headers.viewer)
    await expect(caller.recoveryFile.list(root)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  test('what is not there, no file, or on no such disk is refused before anything is sent', async () => {
    expect((await download('owner', ['nothing here'])).status).toBe(404)
    expect((await download('owner', ['many'])).status).toBe(400)
    expect((await download('owner', ['absolute link'])).status).toBe(400)
    expect((await download('owner', ['..', 'image'])).status).toBe(400)
    expect((await download('owner', ['tiny.txt'], 'file', 'vdz')).status).toBe(400)
    expect((await download('owner', ['tiny.txt'], 'file', 'vdb')).status).toBe(422)
  })

  test('a copy that is archived and no longer valid is not read', async () => {
    const setInvalid = (invalidAt: Date | null) =>
      trial.services.authDb.recoveryPoint.update({ where: { id: recoveryPointId }, data: { invalidAt } })
    await setInvalid(new Date())
    expect((await download('owner', ['tiny.txt'])).status).toBe(409)
    await setInvalid(null)
    expect((await download('owner', ['tiny.txt'])).status).toBe(200)
  })

  test('nobody has more than a few under way', async () => {
    const open = await Promise.all([1, 2, 3, 4].map(() => download('owner', ['large.bin'])))
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await download('owner', ['large.bin'])).status).toBe(503)
    await Promise.all(open.map(({ body }) => body?.cancel()))
    await expect.poll(async () => (await download('owner', ['tiny.txt'])).status).toBe(200)
  })
})

// Last, for all of the file has one store.
test('a file that the store has damaged is refused by itself; in its folder’s archive it is named, and the rest is whole', async () => {
  const [first = ''] = await packsOf(join(trial.folder, 'store', trial.datastoreId, trial.world.tenant.id))
  await flipByte(first, Math.floor((await stat(first)).size / 2))
  await expect((await download('owner', ['large.bin'])).arrayBuffer()).rejects.toThrow()
  const response = await download('owner', [], 'archive')
  const archive = join(trial.folder, 'hurt.tar')
  await writeFile(archive, Buffer.from(await response.arrayBuffer()))
  const out = join(trial.folder, 'hurt')
  await mkdir(out)
  await tool('tar', '-xf', archive, '-C', out)
  const told = await readFile(join(out, 'files - what is missing.txt'), 'utf8')
  expect(told).toMatch(
    /\n\nfiles\/large\.bin\n {4}The recovery point \S+ can't be read at byte \d+ of its disk vda\..*\n$/,
  )
  expect((await readFile(join(out, 'files', 'large.bin'))).length).toBe(0)
  const others = async (folder: string) =>
    sorted(await digestOfFolder(folder)).filter(([path]) => !/^\/(large\.bin|lost\+found|not .*)$/.test(path))
  expect(await others(join(out, 'files'))).toEqual(await others(join(trial.folder, 'tree')))
})
