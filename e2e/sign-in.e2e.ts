import { signInOf } from './fleet.ts'
import { expect, forgetSession, signIn, test, typePassword } from './test.ts'

test('whoever is not signed in is sent to sign in and comes back', async ({ page }) => {
  await page.goto('/fleet?filter=state%3Arunning')
  await expect(page).toHaveURL(/\/login\?next=%2Ffleet/)
  await signIn(page, 'operator', '/fleet?filter=state%3Arunning')
  await expect(page).toHaveURL(/\/fleet\?filter=/)
})

test('a wrong password says so and tells nothing more', async ({ page }) => {
  await page.goto('/login')
  await typePassword(page, { email: signInOf('viewer').email, password: 'not the password' })
  await expect(page.getByRole('alert').first()).toBeVisible()
  await expect(page).toHaveURL(/\/login/)
})

test('signing out ends the session', async ({ as }) => {
  const page = await as('owner')
  forgetSession('owner')
  await page.getByRole('button', { name: /account$/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(/\/login/)
  const answer = await page.request.get('/api/trpc/vm.list')
  expect(answer.status()).toBe(401)
})
