import type { Locator, Page } from '@playwright/test'
import { axeFindings } from './axe.ts'
import { expect } from './test.ts'

const phone = { width: 390, height: 844 }
const dialogs = '[role=dialog], [role=alertdialog]'
/** What opens a dialog is called like this. A VM is made on a page of its own, and what is added to it in its form. */
const opening = /(?<!jump to)…$|^(Add|Create|Invite) (?!VM|a |and )/

/**
 * Opens what this page's buttons and menus open, one after the other, and closes it again, in the colours that the page
 * has. Of buttons that are called alike, and of menus whose first two words are, the first stands for all.
 * @param seen names of those that were looked at already; the page's own are added
 * @returns what axe finds in each, and by how much it is too wide for a phone
 */
export async function dialogFindings(page: Page, seen: Set<string>): Promise<string[]> {
  const found: string[] = []
  for (const button of await named(page, 'button').all()) {
    const name = await button.innerText()
    if (isNew(seen, name))
      for (const finding of await findingsIn(page, () => button.click())) found.push(`${name} ${finding}`)
  }
  for (const menu of await page.locator('#page').locator('[aria-haspopup=true], [aria-haspopup=menu]').all()) {
    const name = (await menu.getAttribute('aria-label')) ?? (await menu.innerText())
    if (!(await menu.isVisible()) || !isNew(seen, name.split(' ').slice(0, 2).join(' '))) continue
    await menu.click()
    const items = await named(page.getByRole('menu'), 'menuitem').allInnerTexts()
    await page.keyboard.press('Escape')
    for (const item of items) {
      if (!isNew(seen, item)) continue
      const open = async () => {
        await menu.click()
        await page.getByRole('menuitem', { name: item, exact: true }).click()
      }
      for (const finding of await findingsIn(page, open)) found.push(`${name}, ${item} ${finding}`)
    }
  }
  return found
}

const named = (scope: Page | Locator, role: 'button' | 'menuitem') =>
  scope.getByRole(role, { name: opening, disabled: false })

function isNew(seen: Set<string>, name: string): boolean {
  if (seen.has(name)) return false
  seen.add(name)
  return true
}

async function findingsIn(page: Page, open: () => Promise<void>): Promise<string[]> {
  const size = page.viewportSize()
  await open()
  const dialog = page.locator(dialogs).last()
  await expect(dialog).toBeVisible()
  await expect(dialog.getByText('Loading').first()).toBeHidden()
  const findings = await axeFindings(page, dialogs)
  await page.setViewportSize(phone)
  const widerPx = await dialog.evaluate((element) => {
    const { right } = element.getBoundingClientRect()
    return Math.max(element.scrollWidth - element.clientWidth, right - window.innerWidth)
  })
  if (size) await page.setViewportSize(size)
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  return [...findings, ...(widerPx > 0 ? [`is ${widerPx} px wider than a phone`] : [])]
}
