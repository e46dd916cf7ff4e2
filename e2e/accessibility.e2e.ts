import type { Page } from '@playwright/test'
import { axeFindings } from './axe.ts'
import { sql, vmId } from './fleet.ts'
import { expect, signIn, test } from './test.ts'

const laptop = { width: 1280, height: 720 }
const phone = { width: 390, height: 844 }

/** Every kind of page, by a person who may see it. */
async function pages(): Promise<string[]> {
  const id = async (table: string) =>
    (await sql<{ id: string }>(`SELECT id FROM ${table} ORDER BY name LIMIT 1`))[0]?.id
  const vm = await vmId('shop-db-1')
  return [
    '/',
    '/fleet',
    '/fleet?filter=name%3Anothing-like-it',
    '/fleet/create',
    `/vms/${vm}`,
    `/vms/${vm}/configuration`,
    `/vms/${vm}/snapshots`,
    `/vms/${vm}/backups`,
    `/vms/${vm}/events`,
    `/vms/${vm}/permissions`,
    `/vms/${vm}/xml`,
    '/hosts',
    `/hosts/${await id('host')}`,
    `/hosts/${await id('host')}/vms`,
    `/hosts/${await id('host')}/storage`,
    `/hosts/${await id('host')}/devices`,
    '/sites',
    `/sites/${await id('site')}`,
    '/networks',
    '/networks?open=fleet',
    '/storage',
    '/protection',
    '/protection?view=policies',
    '/protection?view=policies&policy=new',
    '/datastores',
    '/recovery-points',
    '/archive',
    '/templates',
    '/tenants',
    `/tenants/${await id('tenant')}`,
    '/operations',
    '/audit',
    '/settings',
    '/settings/people',
    '/settings/security',
    '/settings/api-keys',
    '/no-such-page',
  ]
}

test('on every page axe finds nothing in light and in dark, and nothing is wider than a phone', async ({ browser }) => {
  test.setTimeout(600_000)
  const context = await browser.newContext({ colorScheme: 'light', reducedMotion: 'reduce' })
  const page = await context.newPage()
  await signIn(page, 'operator')
  const found: string[] = []
  for (const path of await pages()) {
    await page.setViewportSize(laptop)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached()
    await expect(page.getByText('Loading').first()).toBeHidden()
    for (const finding of await axeFindings(page)) found.push(`${path}: ${finding}`)
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await background()
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(background).not.toBe(light)
    await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)))
    for (const finding of await axeFindings(page)) found.push(`${path} in dark: ${finding}`)
    await page.setViewportSize(phone)
    const widest = await overflowPx(page)
    if (widest > 0) found.push(`${path} on a phone: ${widest} px too wide`)
  }
  expect(found).toEqual([])
  await page.evaluate(() => document.body.append(document.createElement('img')))
  expect(await axeFindings(page), 'axe looks at all').toEqual([expect.stringMatching(/^image-alt /)])
  await context.close()
})

/** How much of the page lies beside the screen, once it has been laid out anew. */
const overflowPx = (page: Page) =>
  page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame)
    const main = document.querySelector('#page')
    const inMain = main ? main.scrollWidth - main.clientWidth : 0
    return Math.max(inMain, document.documentElement.scrollWidth - window.innerWidth)
  })
