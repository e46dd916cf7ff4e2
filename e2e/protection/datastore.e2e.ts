import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flipByte } from '#server/testing/flip-byte.ts'
import { sql, virsh, vmId, waitForGuest } from '../fleet.ts'
import { expect, test } from '../test.ts'
import { backUpInto } from './datastore.ts'

test('a datastore is tried, added and verified; a flipped byte on its disk is named with the VM it hurts, and healed by the next backup', async ({
  as,
}) => {
  test.setTimeout(300_000)
  const [host, vm] = ['tromso-1', 'tromso-gateway']
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-verify-'))
  const store = join(folder, 'store')
  try {
    const page = await as('operator', '/datastores')
    await page.getByRole('button', { name: 'Add datastore' }).first().click()
    const add = page.getByRole('dialog', { name: 'Add a datastore' })
    await add.getByLabel('Name').fill('Cellar')
    await add.getByRole('textbox', { name: 'Folder' }).fill('/proc/nowhere/store')
    await add.getByRole('button', { name: 'Test it' }).click()
    await expect(add.getByRole('alert')).toContainText('can’t be made', { timeout: 30_000 })
    await add.getByRole('textbox', { name: 'Folder' }).fill(store)
    await add.getByRole('button', { name: 'Test it' }).click()
    await expect(add.getByRole('status')).toContainText('It does all that backups need', { timeout: 30_000 })
    expect(await readdir(folder), 'a test leaves nothing').toEqual([])
    await add.getByRole('button', { name: 'Add datastore' }).click()
    await add.getByRole('button', { name: 'Done' }).click({ timeout: 30_000 })
    const [datastore] = await sql<{ id: string }>("SELECT id FROM datastore WHERE name = 'Cellar'")
    const id = datastore?.id ?? ''

    // Off, so that its disk stays what it is.
    await waitForGuest(vm)
    await virsh(host, 'destroy', vm)
    const backUp = async (count: number) => {
      await page.goto(`/vms/${await vmId(vm)}/backups`)
      await backUpInto(page, 'Cellar')
      expect((await sql('SELECT 1 FROM recovery_point WHERE datastore_id = $1', id)).length).toBe(count)
    }
    await backUp(1)
    const [tenantId = ''] = (await readdir(join(store, id))).filter((name) => name !== 'datastore')
    const packs = join(store, id, tenantId, 'packs')
    const [pack = ''] = await readdir(packs)
    await flipByte(join(packs, pack), 200)

    await page.goto(`/datastores/${id}`)
    await expect(page.getByRole('heading', { name: 'Cellar' })).toBeVisible()
    await page.getByRole('button', { name: 'Verify all' }).click()
    const damage = page.getByRole('list', { name: 'Damage' })
    await expect(damage.getByRole('listitem').first()).toContainText('Damaged', { timeout: 60_000 })
    await expect(damage.getByRole('link', { name: vm })).toBeVisible()
    await page.goto(`/vms/${await vmId(vm)}/backups`)
    await expect(page.getByRole('list', { name: /Recovery points/ })).toContainText('Damaged')
    await expect(page.getByRole('button', { name: /^Restore to/ })).toHaveAttribute('aria-disabled', 'true')

    await backUp(2)
    await page.goto(`/datastores/${id}`)
    // Measured by itself within a minute; asked for it is at once.
    await page.getByRole('button', { name: 'Measure now' }).click()
    await expect(damage.getByRole('listitem').first()).toContainText('Healed', { timeout: 60_000 })
    await expect(page.getByText('Deduplication')).toBeVisible()
    await page.goto(`/vms/${await vmId(vm)}/backups`)
    await expect(page.getByRole('list', { name: /Recovery points/ })).not.toContainText('Damaged')
  } finally {
    await virsh(host, 'start', vm).catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
  }
})
