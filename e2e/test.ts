import { type BrowserContext, test as base, expect, type Page } from '@playwright/test'
import { signInOf } from './fleet.ts'

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

/** Sessions of this run by role: signing in is limited to a few times a minute. */
const sessions = new Map<string, Awaited<ReturnType<BrowserContext['cookies']>>>()

/** After it was ended by the test: the next one signs in anew. */
export const forgetSession = (role: string) => sessions.delete(role)

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
