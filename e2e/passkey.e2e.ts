import { request } from 'node:http'
import type { Page } from '@playwright/test'
import { totp } from '#server/testing/totp.ts'
import { given, signInOf, sql } from './fleet.ts'
import { expect, signIn, test, typePassword } from './test.ts'

const admin = signInOf('admin')
/** The console under this machine's name instead of its IP address. */
const byName = (path: string) => new URL(path, given('SKERRY_URL').replace('127.0.0.1', 'localhost')).href

async function signOut(page: Page) {
  await page.getByRole('button', { name: /account$/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(/\/login/)
}

/** A device with a fingerprint reader whose owner always touches it. */
async function addAuthenticator(page: Page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials
}

test('at the IP address the page says why there are no passkeys, and leads to where there are', async ({ page }) => {
  await signIn(page, 'admin', '/settings/security')
  await expect(page.getByRole('button', { name: 'Add a passkey' })).toHaveAttribute('aria-disabled', 'true')
  await expect(page.getByText('A passkey belongs to a name, and this is an IP address', { exact: false })).toBeVisible()
  await page.getByRole('link', { name: /^localhost:/ }).click()
  await page.waitForURL(byName('/login?next=%2Fsettings%2Fsecurity'))
})

test('a passkey made at localhost signs in without a password, until it is removed', async ({ page }) => {
  const credentials = await addAuthenticator(page)
  await page.goto(byName('/login?next=/settings/security'))
  await typePassword(page, admin)
  await page.waitForURL(byName('/settings/security'))
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Key of the test')
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByText('Key of the test')).toBeVisible()
  expect(await credentials()).toMatchObject([{ rpId: 'localhost' }])

  await signOut(page)
  expect((await page.request.get(byName('/api/trpc/vm.list'))).status()).toBe(401)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.waitForURL((url) => url.pathname !== '/login')
  expect((await page.request.get(byName('/api/trpc/vm.list?input=%7B%22json%22%3A%7B%7D%7D'))).status()).toBe(200)
  const entries = await sql<{ action: string; outcome: string }>(
    `SELECT action, outcome FROM audit_entry WHERE resource_name = $1 AND action IN ('user.add-passkey', 'session.sign-in')
     ORDER BY id DESC LIMIT 2`,
    admin.email,
  )
  expect(entries).toEqual([
    { action: 'session.sign-in', outcome: 'succeeded' },
    { action: 'user.add-passkey', outcome: 'succeeded' },
  ])

  await page.goto(byName('/settings/security'))
  await page.getByRole('button', { name: 'Remove Key of the test' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByText('No passkey yet')).toBeVisible()
  await signOut(page)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await expect(page.getByRole('alert').first()).toBeVisible()
  await expect(page).toHaveURL(/\/login/)
})

test('with a second factor the password is followed by a code', async ({ page }) => {
  await signIn(page, 'admin', '/settings/security')
  await page.getByRole('button', { name: 'Switch on…' }).click()
  await page.getByRole('dialog').getByLabel('Password', { exact: false }).fill(admin.password)
  await page.getByRole('button', { name: 'Go on' }).click()
  const uri = (await page.getByRole('link', { name: 'Open the app on this device' }).getAttribute('href')) ?? ''
  await page.getByLabel('Code', { exact: true }).fill(totp(uri))
  await page.getByRole('button', { name: 'Switch on', exact: true }).click()
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await expect(page.getByText('On', { exact: true })).toBeVisible()

  await signOut(page)
  await typePassword(page, admin)
  await expect(page.getByRole('heading', { name: 'Second step' })).toBeVisible()
  expect((await page.request.get('/api/trpc/vm.list')).status()).toBe(401)
  await page.getByLabel('Code', { exact: true }).fill('000000')
  await page.getByRole('button', { name: 'Go on' }).click()
  await expect(page.getByText('The code was not accepted')).toBeVisible()
  await page.getByLabel('Code', { exact: true }).fill(totp(uri))
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.waitForURL((url) => url.pathname !== '/login')

  await page.goto('/settings/security')
  await page.getByRole('button', { name: 'Switch off…' }).click()
  await page.getByRole('dialog').getByLabel('Password', { exact: false }).fill(admin.password)
  await page.getByRole('button', { name: 'Switch off', exact: true }).click()
  await expect(page.getByText('Off', { exact: true })).toBeVisible()
})

test('who asks for another host than the console’s is refused before anything is read', async () => {
  const { hostname, port } = new URL(given('SKERRY_URL'))
  const ask = (host: string, path: string) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      request({ hostname, port, path, headers: { host } }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part) => {
          text += part
        })
        answer.on('end', () => resolve({ status: answer.statusCode, text }))
      })
        .on('error', reject)
        .end()
    })
  for (const path of ['/login', '/api/trpc/session.options', '/api/auth/get-session', '/api/health']) {
    const { status, text } = await ask(`evil.example:${port}`, path)
    expect(status).toBe(421)
    expect(text).toContain(given('SKERRY_URL'))
    expect(text).not.toContain('evil.example')
  }
  expect((await ask(`localhost:${port}`, '/api/health')).status).toBe(200)
})
