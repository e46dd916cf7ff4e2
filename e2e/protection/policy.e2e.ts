import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql, virsh, vmId } from '../fleet.ts'
import { expect, test } from '../test.ts'
import { addDatastore } from './datastore.ts'

const states = (name: string) =>
  sql<{ state: string }>("SELECT state FROM operation WHERE kind = 'back-up-vm' AND target_name = $1", name)
const points = (name: string) => sql<{ id: string }>('SELECT id FROM recovery_point WHERE vm_name = $1', name)

test('a policy is made, its VMs become protected, and a recovery point is deleted again', async ({ as }) => {
  test.setTimeout(240_000)
  const cameras = [
    ['tromso-1', 'tromso-camera'],
    ['bergen-1', 'bergen-camera'],
  ] as const
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-store-'))
  try {
    const page = await as('operator', '/datastores')
    await addDatastore(page, 'Cold vault', join(folder, 'store'))

    await page.goto(`/vms/${await vmId('tromso-camera')}/backups`)
    await page.getByRole('link', { name: 'create a policy' }).click()
    const begun = page.getByRole('dialog', { name: 'Create a protection policy' })
    await expect(begun.getByRole('button', { name: /Tenant/ })).toContainText('Polar Sensors')
    await expect(begun.getByRole('heading', { name: 'Takes 1 of 4 VMs' })).toBeVisible()
    await expect(begun.getByRole('checkbox', { name: 'tromso-camera' })).toBeChecked()
    await begun.getByRole('button', { name: 'Cancel' }).click()
    await expect(begun).toBeHidden()

    await page.goto('/protection')
    const row = (name: string) => page.getByRole('row').filter({ hasText: name })
    await expect(row('tromso-camera')).toContainText('Not protected')
    await page.getByRole('button', { name: 'Create policy' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Create a protection policy' })
    await dialog.getByLabel('Name').fill('Cameras nightly')
    await dialog.getByRole('button', { name: /Tenant/ }).click()
    await page.getByRole('option', { name: 'Polar Sensors' }).click()
    await expect(dialog.getByRole('heading', { name: 'Takes 0 of 4 VMs' })).toBeVisible()
    await dialog.getByRole('button', { name: 'camera', exact: true }).click()
    await expect(dialog.getByRole('heading', { name: 'Takes 2 of 4 VMs' })).toBeVisible()
    await expect(dialog.getByRole('checkbox', { name: 'tromso-camera' })).toBeChecked()
    await dialog.getByRole('button', { name: /Datastore/ }).click()
    await page.getByRole('option', { name: 'Cold vault' }).click()
    await dialog.getByRole('button', { name: 'Create policy' }).click()
    await expect(dialog).toBeHidden()
    await expect(row('tromso-camera')).toContainText('Not yet')
    expect(await sql('SELECT name, tags, made_by FROM protection_policy')).toEqual([
      { name: 'Cameras nightly', tags: ['camera'], made_by: 'operator' },
    ])

    await page.getByRole('radio', { name: /^Policies/ }).click()
    await page.getByRole('row').filter({ hasText: 'Cameras nightly' }).click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Back up its VMs now' }).click()
    await expect(page.getByText('2 VMs are backed up soon')).toBeVisible()
    for (const [, name] of cameras) {
      await expect.poll(() => states(name), { timeout: 90_000 }).toEqual([{ state: 'succeeded' }])
    }
    await page.getByRole('radio', { name: 'VMs', exact: true }).click()
    for (const [host, name] of cameras) {
      await expect(row(name)).toContainText('Protected', { timeout: 30_000 })
      expect(await virsh(host, 'checkpoint-list', name, '--name')).toBe(`skerry-${(await points(name))[0]?.id}`)
    }

    await page.goto(`/vms/${await vmId('tromso-camera')}/backups`)
    await expect(page.getByRole('link', { name: 'Cameras nightly' })).toBeVisible()
    await page.getByRole('button', { name: /^More for the recovery point/ }).click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    const remove = page.getByRole('alertdialog', { name: 'Delete the only backup of tromso-camera?' })
    await remove.getByRole('textbox').fill('tromso-camera')
    await remove.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect.poll(() => points('tromso-camera'), { timeout: 30_000 }).toEqual([])
    await expect(page.getByText('No backups', { exact: true })).toBeVisible()

    await page.goto('/protection?view=policies')
    await page.getByRole('row').filter({ hasText: 'Cameras nightly' }).click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    const confirm = page.getByRole('alertdialog')
    await expect(confirm).toContainText('2 VMs are not backed up by it any more')
    await expect(confirm).toContainText('Its 1 recovery point stays')
    await confirm.getByRole('button', { name: 'Delete' }).click()
    await expect(page.getByText('No policy yet')).toBeVisible()
    expect(await points('bergen-camera')).toHaveLength(1)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a viewer sees how VMs are protected, and can make no policy', async ({ as }) => {
  const page = await as('viewer', '/protection')
  await expect(page.getByRole('row').filter({ hasText: 'Not protected' }).first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Create policy' }).first()).toHaveAttribute('aria-disabled', 'true')
})
