import { expect, type Page } from '@playwright/test'
import { sql } from './fleet.ts'

/** Deletes the VM of this page, by its name as the dialog wants it, and waits until nothing of it is listed. */
export async function deleteVm(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'More commands' }).click()
  await page.getByRole('menuitem', { name: 'Delete…' }).click({ timeout: 30_000 })
  const dialog = page.getByRole('alertdialog', { name: `Delete ${name}?` })
  await expect(dialog.getByRole('button', { name: 'Delete' })).toHaveAttribute('aria-disabled', 'true')
  await dialog.getByRole('textbox').fill(name)
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await expect.poll(() => sql('SELECT 1 FROM vm WHERE name = $1', name), { timeout: 60_000 }).toEqual([])
}
