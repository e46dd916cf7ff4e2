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
  const url = page.url()
  const look = async (name: string, opener: Locator) => {
    // A VM that has started meanwhile, say, can be cloned no longer.
    if (await opener.isDisabled()) return void (await page.keyboard.press('Escape'))
    await opener.click()
    for (const finding of await findingsIn(page)) found.push(`${name} ${finding}`)
    // What edits a VM of a list is on the VM's own page.
    if (new URL(page.url()).pathname !== new URL(url).pathname) await page.goto(url)
  }
  for (const name of await namesOf(page.getByRole('button', { name: opening, disabled: false }))) {
    if (isNew(seen, name)) await look(name, page.getByRole('button', { name, exact: true }).first())
  }
  for (const name of await namesOf(page.locator('#page [aria-haspopup=true], #page [aria-haspopup=menu]'))) {
    const kind = name.split(' ').slice(0, 2).join(' ')
    if (!isNew(seen, kind)) continue
    const openMenu = async () => {
      const own = page.getByRole('button', { name, exact: true }).first()
      // Rows of a list that is live come and go: another's is as good.
      await ((await own.isVisible()) ? own : page.getByRole('button', { name: kind }).first()).click()
      await expect(page.getByRole('menu')).toBeVisible()
      // What can be done is asked for when it opens.
      await expect(page.getByRole('menu').getByText('Looking whether')).toHaveCount(0)
    }
    await openMenu()
    const items = await namesOf(page.getByRole('menuitem', { name: opening, disabled: false }))
    await page.keyboard.press('Escape')
    await expect(page.getByRole('menu')).toBeHidden()
    for (const item of items) {
      if (!isNew(seen, item)) continue
      await openMenu()
      await look(item, page.getByRole('menuitem', { name: item, exact: true }))
    }
  }
  return found
}

/** Read at once, since rows of a list that is live come and go. */
const namesOf = (controls: Locator): Promise<string[]> =>
  controls.evaluateAll((elements) =>
    elements
      .filter((element) => element.checkVisibility())
      .map((element) => element.getAttribute('aria-label') ?? (element as HTMLElement).innerText.trim()),
  )

function isNew(seen: Set<string>, name: string): boolean {
  if (seen.has(name)) return false
  seen.add(name)
  return true
}

async function findingsIn(page: Page): Promise<string[]> {
  const size = page.viewportSize()
  const dialog = page.locator(dialogs).last()
  await expect(dialog).toBeVisible()
  await expect(dialog.getByText('Loading').first()).toBeHidden()
  const findings = await axeFindings(page, { part: dialogs })
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
