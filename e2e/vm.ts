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

/**
 * Watches the page from now on, also for what shows only for a moment; not the tray of operations at its foot.
 * @returns those of the words that stood in it alone, so far
 */
export async function watchFor(page: Page, ...words: string[]): Promise<() => Promise<string[]>> {
  const seen = await page.evaluateHandle((watched) => {
    const found = new Set<string>()
    const look = () => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const word = text.textContent?.trim()
        if (word && watched.includes(word) && text.parentElement?.closest('main')) found.add(word)
      }
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
    return found
  }, words)
  return () => seen.evaluate((found) => [...found])
}
