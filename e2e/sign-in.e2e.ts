import { given, signInOf } from './fleet.ts'
import { expect, signIn, test, typePassword } from './test.ts'

test('whoever is not signed in is sent to sign in and comes back', async ({ page }) => {
  await page.goto('/fleet?filter=state%3Arunning')
  await expect(page).toHaveURL(/\/login\?next=%2Ffleet/)
  await signIn(page, 'operator', '/fleet?filter=state%3Arunning')
  await expect(page).toHaveURL(/\/fleet\?filter=/)
})

test('pages and answers carry the headers that keep browsers safe', async () => {
  const page = await fetch(`${given('SKERRY_URL')}/login`)
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain("'unsafe-eval'")
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none'
  expect(await page.text()).toContain(`nonce="${nonce}"`)
  const again = await fetch(`${given('SKERRY_URL')}/login`)
  expect(again.headers.get('content-security-policy')).not.toContain(nonce)
  for (const answer of [page, await fetch(`${given('SKERRY_URL')}/api/health`)]) {
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=()'),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'strict-transport-security': expect.stringContaining('max-age='),
    })
    expect(answer.headers.get('x-powered-by')).toBeNull()
  }
})

test('nobody sends the console more than it takes, with or without a length', async () => {
  const part = new Uint8Array(300 * 1024).fill(32)
  const send = (path: string, inParts: boolean) =>
    fetch(`${given('SKERRY_URL')}${path}`, {
      method: 'POST',
      headers: { origin: given('SKERRY_URL'), 'content-type': 'application/json' },
      body: inParts ? new Blob(Array(6).fill(part)).stream() : new Blob(Array(6).fill(part)),
      ...(inParts ? { duplex: 'half' } : {}),
    } as RequestInit)
  for (const path of ['/api/auth/sign-in/email', '/api/trpc/vm.power']) {
    for (const inParts of [false, true]) {
      const answer = await send(path, inParts)
      expect(answer.status, `${path} ${inParts ? 'in parts' : 'whole'}`).toBe(413)
      expect((await answer.json()).message).toContain('1048576 bytes at most')
    }
  }
})

test('a wrong password says so and tells nothing more', async ({ page }) => {
  await page.goto('/login')
  await typePassword(page, { email: signInOf('viewer').email, password: 'not the password' })
  await expect(page.getByRole('alert').first()).toBeVisible()
  await expect(page).toHaveURL(/\/login/)
})

test('signing out ends the session', async ({ page }) => {
  await signIn(page, 'owner')
  await page.getByRole('button', { name: /account$/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(/\/login/)
  const answer = await page.request.get('/api/trpc/vm.list')
  expect(answer.status()).toBe(401)
})
