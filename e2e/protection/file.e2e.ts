import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { axeFindings } from '../axe.ts'
import { given, sql, virsh, vmId } from '../fleet.ts'
import { expect, test } from '../test.ts'
import { addDatastore, backUpInto } from './datastore.ts'

const run = promisify(execFile)
const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const vm = 'shop-app-1'

/** A file of the VM's own disk, read with e2fsprogs from what its host has. */
async function onDisk(folder: string, path: string): Promise<Buffer> {
  const disk = (await virsh('oslo-1', 'domblklist', vm)).trim().split(/\s+/)[1] ?? ''
  const name = disk.split('/').at(-1) ?? ''
  const { stdout } = await run('find', [dirname(given('SKERRY_FLEET')), '-name', name, '-type', 'f'])
  const raw = join(folder, 'disk.raw')
  await run('qemu-img', ['convert', '-U', '-O', 'raw', stdout.trim().split('\n')[0] ?? '', raw])
  const file = join(folder, 'expected')
  await run('debugfs', ['-R', `dump "${path}" ${file}`, `${raw}?offset=${56 * 1024 * 1024}`])
  return readFile(file)
}

test('a file is brought back from a backup without a restore, by who may restore alone', async ({ as }) => {
  test.setTimeout(240_000)
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-file-'))
  try {
    const page = await as('operator', '/datastores')
    await addDatastore(page, 'Vault of files', join(folder, 'store'))

    /** The sign-in page sends on whoever is signed in already. */
    const become = async (role: string, path?: string) => {
      await page.context().clearCookies()
      await as(role, path)
    }
    await become('member', `/vms/${await vmId(vm)}/backups`)
    await backUpInto(page, 'Vault of files')
    await page.getByRole('button', { name: /^Browse files of/ }).click()

    // The largest partition with files is the one that it boots from.
    await expect(page.getByRole('row', { name: /vmlinuz/ })).toBeVisible({ timeout: 30_000 })
    await page.getByRole('link', { name: /^data ext4/ }).click()
    await expect(page.getByRole('row', { name: /read me\.txt/ })).toBeVisible()
    await page.getByRole('link', { name: 'reports' }).click()
    await expect(page.getByRole('row', { name: /latest\.csv → 2026\/November\.csv/ })).toBeVisible()
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('link', { name: '2026' }).click()
    await page.getByLabel('Find in this folder').fill('nov')
    await expect(page.getByRole('row', { name: /October/ })).toBeHidden()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'November.csv' }).click()
    const saved = await download
    expect(saved.suggestedFilename()).toBe('November.csv')
    const bytes = await readFile(await saved.path())
    expect(hash(bytes)).toBe(hash(await onDisk(folder, '/reports/2026/November.csv')))

    await page.getByLabel('Find in this folder').fill('')
    const archive = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download folder…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Download as tar' }).click()
    const tar = await archive
    expect(tar.suggestedFilename()).toBe('2026.tar')
    await mkdir(join(folder, 'out'))
    await run('tar', ['-xf', await tar.path(), '-C', join(folder, 'out')])
    expect(hash(await readFile(join(folder, 'out', '2026', 'November.csv')))).toBe(hash(bytes))

    // Whoever's VM is gone comes to them from here.
    await page.goto('/recovery-points')
    await page.getByRole('link', { name: vm }).click()
    await page.getByRole('button', { name: /^Browse files of/ }).click()
    await expect(page.getByRole('row', { name: /vmlinuz/ })).toBeVisible({ timeout: 30_000 })
    await page.getByRole('link', { name: /^data ext4/ }).click()
    await expect(page.getByRole('row', { name: /read me\.txt/ })).toBeVisible()

    const entries = await sql<{ path: string; outcome: string }>(
      "SELECT detail->>'path' AS path, outcome FROM audit_entry WHERE action = 'vm.download-file' ORDER BY sequence",
    )
    expect(entries).toEqual([
      { path: '/reports/2026/November.csv', outcome: 'succeeded' },
      { path: '/reports/2026', outcome: 'succeeded' },
    ])

    const [point] = await sql<{ id: string }>('SELECT id FROM recovery_point WHERE vm_name = $1', vm)
    const href = `/api/recovery-points/${point?.id}/file?disk=vda&volume=3&path=read%20me.txt`
    const statusOf = () => page.evaluate(async (url) => (await fetch(url)).status, href)
    expect(await statusOf()).toBe(200)
    await become('viewer', `/vms/${await vmId(vm)}/backups`)
    await expect(page.getByRole('button', { name: /^Browse files of/ })).toHaveAttribute('aria-disabled', 'true')
    expect(await statusOf()).toBe(403)
    await page.goto(`/vms/${await vmId(vm)}/backups/${point?.id}/files`)
    await expect(page.getByText('The files of this recovery point can’t be shown')).toBeVisible()

    await sql(
      "UPDATE recovery_point SET tenant_id = (SELECT id FROM tenant WHERE name = 'Fjord Design') WHERE id = $1",
      point?.id,
    )
    await become('owner')
    expect(await statusOf(), 'of another tenant').toBe(404)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
