import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test as base, expect, type Page } from '@playwright/test'
import { given, signInOf } from './fleet.ts'

export { expect }

/** Types a password on the sign-in page as a person would, who waits when told that these were too many tries. */
export async function typePassword(page: Page, { email, password }: { email: string; password: string }) {
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  for (;;) {
    const answered = page.waitForResponse((response) => response.url().endsWith('/sign-in/email'))
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    const answer = await answered
    if (answer.status() !== 429) return
    const waitMs = Number(answer.headers()['x-retry-after']) * 1000
    test.setTimeout(test.info().timeout + waitMs)
    await page.waitForTimeout(waitMs)
  }
}

/** Signs in as a person of the lab, by hand as they would. */
export async function signIn(page: Page, role: string, path = '/'): Promise<void> {
  await page.goto(`/login?next=${encodeURIComponent(path)}`)
  await typePassword(page, signInOf(role))
  await page.waitForURL((url) => url.pathname !== '/login')
}

/** Signed in as this role, which the first worker to need it does for the others: signing in is limited to a few times a minute. */
export async function goAs(page: Page, role: string, path = '/'): Promise<void> {
  const keptAt = join(dirname(given('SKERRY_SIGN_IN')), `session-${role}.json`)
  const kept = await readFile(keptAt, 'utf8').catch(() => null)
  if (kept) {
    await page.context().addCookies(JSON.parse(kept))
    await page.goto(path)
    return
  }
  await signIn(page, role, path)
  // Another worker reads all of it or none.
  const ownPath = `${keptAt}.${process.pid}`
  await writeFile(ownPath, JSON.stringify(await page.context().cookies()), { mode: 0o600 })
  await rename(ownPath, keptAt)
}

/** `test` with `as('operator', '/fleet')`, which goes there signed in; a page error fails the test. */
export const test = base.extend<{ as: (role: string, path?: string) => Promise<Page> }>({
  as: async ({ page }, use) => {
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    await use(async (role, path) => {
      await goAs(page, role, path)
      return page
    })
    expect(problems, 'errors in the page').toEqual([])
  },
})
