import { expect, type Page } from '@playwright/test'
import { sql } from '../fleet.ts'

/** Adds a datastore in a folder, as an operator does on its page. */
export async function addDatastore(page: Page, name: string, path: string): Promise<void> {
  await page.goto('/datastores')
  await page.getByRole('button', { name: 'Add datastore' }).first().click()
  const add = page.getByRole('dialog', { name: 'Add a datastore' })
  await add.getByLabel('Name').fill(name)
  await add.getByRole('textbox', { name: 'Folder' }).fill(path)
  await add.getByRole('button', { name: 'Add datastore' }).click()
  await add.getByRole('button', { name: 'Done' }).click({ timeout: 30_000 })
}

/** Backs the VM of this Backups tab up, and waits until its recovery point is there and nothing is at work on it. */
export async function backUpInto(page: Page, datastore: string): Promise<void> {
  const points = page.getByRole('list', { name: 'Recovery points, newest first' }).getByRole('listitem')
  const there = points.filter({ hasText: `in ${datastore}` })
  await page.getByRole('button', { name: 'Back up now…' }).click()
  const before = await there.count()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: /Datastore/ }).click()
  await page.getByRole('option', { name: datastore, exact: true }).click()
  await dialog.getByRole('button', { name: 'Back up', exact: true }).click()
  await expect(there).toHaveCount(before + 1, { timeout: 120_000 })
  const atWork = () =>
    sql(
      "SELECT kind FROM operation WHERE target_id = $1 AND state IN ('queued', 'running', 'cancelling')",
      new URL(page.url()).pathname.split('/')[2],
    )
  await expect.poll(atWork, { timeout: 30_000 }).toEqual([])
}
