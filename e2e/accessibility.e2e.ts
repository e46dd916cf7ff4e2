import { randomUUID } from 'node:crypto'
import type { Locator, Page } from '@playwright/test'
import { axeFindings } from './axe.ts'
import { dialogFindings } from './dialogs.ts'
import { sql } from './fleet.ts'
import { knownDialogs, pageGroups } from './pages.ts'
import { expect, test } from './test.ts'

const laptop = { width: 1280, height: 720 }
const phone = { width: 390, height: 844 }

test.use({ viewport: phone, colorScheme: 'light', contextOptions: { reducedMotion: 'reduce' } })

for (const [group, pages] of Object.entries(pageGroups)) {
  test(`pages of ${group} in light and dark, and their dialogs in dark: none is wider than a phone, and axe finds nothing`, async ({
    page,
    as,
  }) => {
    test.setTimeout(180_000)
    const found: string[] = []
    const dialogsSeen = new Set<string>()
    for (const [path, id] of pages) {
      await page.setViewportSize(phone)
      await page.emulateMedia({ colorScheme: 'light' })
      await as('operator', path.replace('ID', String(await id?.())))
      for (const finding of await findingsOn(page, heading(page))) found.push(`${path}${finding}`)
      // One that is open already was looked at with its page.
      if (path.includes('open=')) continue
      for (const finding of await dialogFindings(page, dialogsSeen)) found.push(`${path}: ${finding}`)
    }
    expect(found).toEqual([])
    expect([...dialogsSeen]).toEqual(expect.arrayContaining(knownDialogs[group] ?? []))
  })
}

test('the form of a policy is no wider than a phone, and axe finds nothing in light and in dark', async ({ as }) => {
  // Without a datastore the page says so instead. No worker looks after this one, which is nowhere.
  const id = randomUUID()
  await sql(
    `INSERT INTO datastore (id, name, kind, location, care_until)
      VALUES ($1, 'Of no use', 'folder', '{"path": "/nowhere/at-all"}', now() + interval '1 hour')`,
    id,
  )
  try {
    const page = await as('operator', '/protection?view=policies&policy=new')
    expect(await findingsOn(page, page.getByRole('dialog', { name: 'Create a protection policy' }))).toEqual([])
  } finally {
    await sql('DELETE FROM datastore WHERE id = $1', id)
  }
})

const heading = (page: Page) => page.getByRole('heading', { level: 1 }).first()

/** What is wrong with this page, which was opened on a phone and is there with `sign`; it is left on a laptop. */
async function findingsOn(page: Page, sign: Locator): Promise<string[]> {
  await expect(sign).toBeAttached()
  await expect(page.getByText('Loading').first()).toBeHidden()
  const widest = await overflowPx(page)
  await page.setViewportSize(laptop)
  const inLight = await axeFindings(page)
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await background()
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect.poll(background).not.toBe(light)
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)))
  const inDark = await axeFindings(page, { isColourAlone: true })
  return [
    ...(widest > 0 ? [` on a phone: ${widest} px too wide`] : []),
    ...inLight.map((finding) => `: ${finding}`),
    ...inDark.map((finding) => ` in dark: ${finding}`),
  ]
}

test('axe looks at all', async ({ as }) => {
  const page = await as('operator', '/')
  await page.evaluate(() => {
    const pale = Object.assign(document.createElement('p'), { textContent: 'Pale' })
    pale.style.cssText = 'color: #999; background: #aaa'
    document.body.append(document.createElement('img'), pale)
  })
  const isPale = expect.stringMatching(/^color-contrast /)
  expect((await axeFindings(page)).toSorted()).toEqual([isPale, expect.stringMatching(/^image-alt /)])
  expect(await axeFindings(page, { isColourAlone: true })).toEqual([isPale])
})

/** How much of the page lies beside the screen, once it has been laid out anew. */
const overflowPx = (page: Page) =>
  page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame)
    const main = document.querySelector('#page')
    const inMain = main ? main.scrollWidth - main.clientWidth : 0
    return Math.max(inMain, document.documentElement.scrollWidth - window.innerWidth)
  })
