import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addDatastore } from './datastore.ts'
import { sql, virsh, vmId } from './fleet.ts'
import { newestCount } from './serial.ts'
import { expect, test } from './test.ts'

test('a datastore is added, a VM backed up twice, and led back in place', async ({ as }) => {
  test.setTimeout(300_000)
  const [host, vm] = ['frankfurt-1', 'desktop-bo']
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-store-'))
  try {
    await expect.poll(() => newestCount(host, vm), { timeout: 120_000 }).not.toBeNull()
    const page = await as('operator', '/datastores')
    await addDatastore(page, 'Vault', join(folder, 'store'))
    const [datastore] = await sql<{ id: string }>("SELECT id FROM datastore WHERE name = 'Vault'")
    expect(await readdir(join(folder, 'store'))).toContain(datastore?.id)

    const uuid = await virsh(host, 'domuuid', vm)
    await page.goto(`/vms/${await vmId(vm)}/backups`)
    const points = () =>
      sql<{ reading: string }>('SELECT reading FROM recovery_point WHERE vm_name = $1 ORDER BY taken_at', vm)
    for (const count of [1, 2]) {
      await page.getByRole('button', { name: 'Back up now…' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Back up', exact: true }).click()
      await expect.poll(async () => (await points()).length, { timeout: 90_000 }).toBe(count)
      await expect(page.getByRole('button', { name: /^Restore to/ })).toHaveCount(count)
      await expect(page.getByText('None running')).toBeVisible({ timeout: 90_000 })
    }
    expect(await points()).toEqual([{ reading: 'full' }, { reading: 'incremental' }])
    const before = await newestCount(host, vm)

    await page
      .getByRole('button', { name: /^Restore to/ })
      .last()
      .click()
    const restore = page.getByRole('alertdialog')
    await restore.getByRole('textbox').fill(vm)
    await restore.getByRole('button', { name: 'Restore', exact: true }).click()
    const states = () => sql("SELECT state FROM operation WHERE kind = 'restore-vm' AND target_name = $1", vm)
    await expect.poll(states, { timeout: 150_000 }).toEqual([{ state: 'succeeded' }])
    expect(await virsh(host, 'domstate', vm)).toBe('running')
    expect(await virsh(host, 'domuuid', vm)).toBe(uuid)
    expect((await points()).length, 'what it was is a recovery point too').toBe(3)
    await expect.poll(async () => (await newestCount(host, vm))?.bootId, { timeout: 60_000 }).not.toBe(before?.bootId)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
