import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fleet, namesOn, sql, virsh, vmId } from '../fleet.ts'
import { newestCount } from '../serial.ts'
import { expect, test } from '../test.ts'
import { addDatastore, backUpInto } from './datastore.ts'

test('a recovery point is proven to boot by a throw-away VM that is gone again, and a policy shall do so weekly', async ({
  as,
}) => {
  test.setTimeout(240_000)
  const [host, vm] = ['frankfurt-1', 'desktop-bo']
  const throwAways = async () =>
    (await Promise.all(fleet.hosts.map(({ name }) => namesOn(name))))
      .flat()
      .filter((name) => name.startsWith('skerry-'))
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-store-'))
  try {
    await expect.poll(() => newestCount(host, vm), { timeout: 120_000 }).not.toBeNull()
    const page = await as('operator', '/datastores')
    await addDatastore(page, 'Proofs', join(folder, 'store'))
    const id = await vmId(vm)
    await page.goto(`/vms/${id}/backups`)
    await backUpInto(page, 'Proofs')
    const card = page.getByRole('region', { name: 'Boot tests' })
    await expect(card).toContainText('None of its recovery points was ever booted', { timeout: 90_000 })

    const before = await virsh(host, 'dumpxml', vm)
    await page
      .getByRole('button', { name: /^More for the recovery point/ })
      .first()
      .click()
    await page.getByRole('menuitem', { name: 'Boot test…' }).click()
    const dialog = page.getByRole('dialog', { name: `Boot test of ${vm}` })
    await expect(dialog.getByLabel('The console prints')).toHaveValue('login:')
    await dialog.getByRole('button', { name: 'Start the test' }).click()
    await expect(dialog).toBeHidden()
    await expect(card.getByRole('list', { name: 'Boot tests, newest first' })).toContainText('Testing')
    await expect(card).toContainText(/Last proven .*, in \d+ s/, { timeout: 120_000 })
    await expect(card).toContainText('its guest agent answered')
    const [row] = await sql<{ outcome: string; proof: string; picture: number }>(
      'SELECT outcome, proof, length(screenshot) AS picture FROM boot_test WHERE vm_id = $1::uuid',
      id,
    )
    expect(row).toMatchObject({ outcome: 'proven', proof: 'agent' })
    expect(row?.picture).toBeGreaterThan(100)
    await expect.poll(throwAways, { timeout: 30_000 }).toEqual([])
    expect(await sql("SELECT name FROM vm WHERE name LIKE 'skerry-%'"), 'it was in no list').toEqual([])
    expect(await virsh(host, 'dumpxml', vm)).toBe(before)

    await card.getByRole('button', { name: `Look at what ${vm} showed` }).click()
    const seen = page.getByRole('dialog', { name: `Boot test of ${vm}` })
    await expect(seen.getByRole('img', { name: `The screen of ${vm}` })).toBeVisible()
    await expect(seen.getByRole('region', { name: 'The end of its serial console' })).toContainText('BOOT')
    await page.keyboard.press('Escape')

    await page.goto('/protection')
    await page.getByRole('button', { name: /^Proven/ }).click()
    await expect(page.getByRole('row').filter({ hasText: vm })).toBeVisible()
    await page.getByRole('button', { name: 'Create policy' }).first().click()
    const policy = page.getByRole('dialog', { name: 'Create a protection policy' })
    await policy.getByLabel('Name').fill('Proven weekly')
    await policy.getByRole('button', { name: /Datastore/ }).click()
    await page.getByRole('option', { name: 'Proofs' }).click()
    await policy.getByText('All VMs, also those still to come').click()
    await policy.getByRole('radiogroup', { name: 'Boot tests' }).getByText('Weekly').click()
    await policy.getByRole('button', { name: 'Create policy' }).click()
    await expect(policy).toBeHidden()
    const [saved] = await sql<{ test: object; next: Date }>(
      "SELECT boot_test AS test, boot_test_next_at AS next FROM protection_policy WHERE name = 'Proven weekly'",
    )
    expect(saved?.test).toMatchObject({ every: 'week', weekday: 7, proof: 'any', limitSeconds: 180 })
    expect(saved?.next.getTime()).toBeGreaterThan(Date.now())
  } finally {
    await sql("DELETE FROM protection_policy WHERE name = 'Proven weekly'")
    await rm(folder, { recursive: true, force: true })
  }
})
