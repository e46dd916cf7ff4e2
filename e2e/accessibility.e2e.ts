import { axeFindings } from './axe.ts'
import { sql, vmId } from './fleet.ts'
import { expect, signIn, test } from './test.ts'

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
    '/settings/security',
    '/settings/api-keys',
    '/no-such-page',
  ]
}

test('axe finds nothing on any page, in light and in dark', async ({ browser }) => {
  test.setTimeout(300_000)
  const context = await browser.newContext({ colorScheme: 'light', reducedMotion: 'reduce' })
  const page = await context.newPage()
  await signIn(page, 'operator')
  const found: string[] = []
  for (const path of await pages()) {
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
  }
  await context.close()
  expect(found).toEqual([])
})

test('nothing is wider than a phone', async ({ browser }) => {
  test.setTimeout(180_000)
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  await signIn(page, 'operator')
  const wide: string[] = []
  for (const path of await pages()) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 }).first()).toBeAttached()
    const overflow = await page.evaluate(() => {
      const main = document.querySelector('#page')
      const inMain = main ? main.scrollWidth - main.clientWidth : 0
      return Math.max(inMain, document.documentElement.scrollWidth - window.innerWidth)
    })
    if (overflow > 0) wide.push(`${path}: ${overflow} px`)
  }
  await context.close()
  expect(wide).toEqual([])
})
