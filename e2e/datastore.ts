import type { Page } from '@playwright/test'

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
