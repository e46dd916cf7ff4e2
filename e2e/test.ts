import { type BrowserContext, test as base, expect, type Page } from '@playwright/test'
import { signInOf } from './fleet.ts'

export { expect }

/** Signs in as a person of the lab, by hand as they would. */
export async function signIn(page: Page, role: string, path = '/'): Promise<void> {
  const { email, password } = signInOf(role)
  await page.goto(`/login?next=${encodeURIComponent(path)}`)
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((url) => url.pathname !== '/login')
}

/** Sessions of this run by role: signing in is limited to a few times a minute. */
const sessions = new Map<string, Awaited<ReturnType<BrowserContext['cookies']>>>()

async function resume(page: Page, role: string, path = '/'): Promise<void> {
  const known = sessions.get(role)
  if (known) {
    await page.context().addCookies(known)
    await page.goto(path)
    return
  }
  await signIn(page, role, path)
  sessions.set(role, await page.context().cookies())
}

/** `test` with `as('operator', '/fleet')`, which goes there signed in; a page error fails the test. */
export const test = base.extend<{ as: (role: string, path?: string) => Promise<Page> }>({
  as: async ({ page }, use) => {
    const problems: string[] = []
    page.on('pageerror', (error) => problems.push(error.message))
    await use(async (role, path) => {
      await resume(page, role, path)
      return page
    })
    expect(problems, 'errors in the page').toEqual([])
  },
})
