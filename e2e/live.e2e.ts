import type { Page } from '@playwright/test'
import { fleet, listedOn, sql, virsh, vmId, waitForGuest } from './fleet.ts'
import { openLine } from './line.ts'
import { makeByHand, removeByHand } from './made-by-hand.ts'
import { expect, test } from './test.ts'

const heard = (page: Page) => page.waitForResponse((answer) => answer.url().includes('live.changes') && answer.ok())

async function whilePaused(guest: { name: string; host: string }, work: () => Promise<void>) {
  await virsh(guest.host, 'suspend', guest.name)
  try {
    await work()
  } finally {
    await virsh(guest.host, 'resume', guest.name)
  }
}

test('every guest of the lab is listed, and the whole fleet is healthy', async ({ as }) => {
  test.setTimeout(240_000)
  for (const { name } of fleet.guests) await waitForGuest(name)
  const page = await as('operator', '/fleet')
  for (const guest of fleet.guests)
    await expect(
      page
        .getByRole('table', { name: 'VMs' })
        .or(page.getByRole('grid', { name: 'VMs' }))
        .getByText(guest.name, { exact: true }),
    ).toBeVisible()
  // Other tests make VMs, and delete them, meanwhile.
  await expect(async () => {
    const health = await page.request.get('/api/health')
    expect(health.status()).toBe(200)
    const names = await Promise.all(fleet.hosts.map((host) => listedOn(host.name)))
    const beingMade = await sql<{ name: string }>("SELECT name FROM vm WHERE state = 'creating'")
    const all = new Set([...names.flat(), ...beingMade.map(({ name }) => name)])
    expect(await health.json()).toMatchObject({
      status: 'ok',
      sites: fleet.sites.length,
      hosts: fleet.hosts.length,
      hostsConnected: fleet.hosts.length,
      vms: all.size,
    })
  }).toPass({ timeout: 30_000 })
})

test('a change made by virsh shows in an open page within a second', async ({ as }) => {
  const guest = await waitForGuest('desktop-cleo')
  const page = await as('operator', `/vms/${await vmId(guest.name)}`)
  const heading = page
    .getByRole('banner')
    .or(page.locator('header'))
    .filter({ has: page.getByRole('heading', { level: 1 }) })
  await expect(heading.getByText('Running', { exact: true })).toBeVisible()
  await whilePaused(guest, () => expect(heading.getByText('Paused', { exact: true })).toBeVisible({ timeout: 1_000 }))
  await expect(heading.getByText('Running', { exact: true })).toBeVisible({ timeout: 1_000 })
})

test('changes that come while the browser still takes a page over are shown, and break nothing', async ({ as }) => {
  const guest = await waitForGuest('desktop-cleo')
  const path = `/vms/${await vmId(guest.name)}`
  // The first page has the stream and passes on what it hears, at once.
  const first = await as('operator', path)
  const problems: string[] = []
  let opened = false
  const changing = (async () => {
    for (let turn = 0; !opened; turn++) await virsh(guest.host, turn % 2 === 0 ? 'suspend' : 'resume', guest.name)
    await virsh(guest.host, 'resume', guest.name).catch(() => undefined)
  })()
  for (let turn = 0; turn < 6; turn++) {
    const page = await first.context().newPage()
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(path)
    await page.waitForTimeout(1_000)
    if (turn < 5) await page.close()
    else {
      opened = true
      await changing
      await expect(page.locator('header').getByText('Running', { exact: true })).toBeVisible()
    }
  }
  expect(problems, 'errors in the page').toEqual([])
})

test('VMs made outside appear as unassigned, also one right after the other, and go when they are removed', async ({
  as,
}) => {
  const page = await as('operator')
  await waitForGuest('desktop-cleo')
  const hears = heard(page)
  await page.goto('/fleet?filter=is%3Aunassigned')
  const names = ['made-by-hand', 'made-after-it']
  const shown = (name: string) => page.getByText(name, { exact: true })
  await expect(page.getByText('No VM matches')).toBeVisible()
  await hears
  let after: Promise<void> | undefined
  try {
    await makeByHand('made-by-hand')
    after = page.waitForTimeout(300).then(() => makeByHand('made-after-it'))
    await expect(shown('made-by-hand')).toBeVisible({ timeout: 1_000 })
    await after
    await expect(shown('made-after-it')).toBeVisible({ timeout: 1_000 })
    for (const name of names)
      expect(await sql('SELECT tenant_id FROM vm WHERE name = $1', name)).toEqual([{ tenant_id: null }])
  } finally {
    await after?.catch(() => undefined)
    for (const name of names) await removeByHand(name).catch(() => undefined)
  }
  for (const name of names) await expect(shown(name)).toBeHidden({ timeout: 1_000 })
})

test('a page that hears nothing any more says so, also on a phone, and is live again by itself', async ({ as }) => {
  const guest = await waitForGuest('desktop-cleo')
  const line = await openLine()
  try {
    const page = await as('operator', '/fleet')
    const hears = heard(page)
    await page.goto(`${line.url}/fleet`)
    const row = page.getByRole('row').filter({ hasText: guest.name })
    const status = page.locator('header').getByRole('status')
    await expect(row.getByText('Running', { exact: true })).toBeVisible()
    await hears
    await expect(status).toBeEmpty()
    await line.cut()
    await expect(status).toHaveText('Not live: reconnecting', { useInnerText: true, timeout: 3_000 })
    await page.setViewportSize({ width: 390, height: 844 })
    await expect(status).toHaveText('Not live', { useInnerText: true })
    await page.setViewportSize({ width: 1280, height: 720 })
    const ways = [
      () => page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Hosts' }).click(),
      () => row.getByRole('link', { name: guest.name }).click(),
      () => page.getByRole('grid', { name: 'VMs' }).press('Enter'),
      async () => {
        await page.getByRole('button', { name: 'Search or jump to…' }).click()
        await page.getByRole('dialog', { name: 'Command palette' }).getByRole('combobox').fill('hosts')
        await page.getByRole('option', { name: /^Hosts/ }).click()
      },
    ]
    const told = page.getByRole('region', { name: /^Notifications/ }).getByText('The console can’t be reached.')
    for (const leave of ways) {
      const asked = page.waitForRequest(/\/api\/health/)
      await leave()
      await asked
      await expect(told).toBeVisible()
      await expect(row).toBeVisible()
      expect(new URL(page.url()).pathname).toBe('/fleet')
    }

    // A browser gives up for good what a proxy refuses: only the page can ask again.
    const asked = await line.refuse()
    await expect.poll(asked, { timeout: 30_000 }).toBeGreaterThan(1)
    await expect(status).toHaveText('Not live: reconnecting', { useInnerText: true })
    await line.mend()
    await expect(status).toBeEmpty({ timeout: 15_000 })
    await whilePaused(guest, () => expect(row.getByText('Paused', { exact: true })).toBeVisible())
    await expect(row.getByText('Running', { exact: true })).toBeVisible()
  } finally {
    await line.cut().catch(() => undefined)
  }
})

test('the overview reads what the sites have left again as their load changes', async ({ as }) => {
  const page = await as('operator', '/fleet')
  const hears = heard(page)
  await page.goto('/')
  await hears
  // What is read because the stream began has come by then.
  await page.waitForTimeout(3_000)
  await page.waitForResponse(/site\.capacity/, { timeout: 25_000 })
})

test('while the stream alone is refused a row opens its panel, and the filters stay', async ({ as }) => {
  const page = await as('operator', '/fleet')
  await page.route(/live\.changes/, (route) => route.fulfill({ status: 502 }))
  await page.goto('/audit?outcome=succeeded')
  await expect(page.locator('header').getByRole('status')).toHaveText(/Not live/)
  const asked: string[] = []
  page.on('request', (request) => request.url().includes('/api/health') && asked.push(request.url()))
  await page.getByRole('row').nth(1).getByRole('link').click()
  await expect(page).toHaveURL(/outcome=succeeded&open=/)
  await expect(page.getByRole('dialog')).toBeVisible()
  expect(asked, 'what leads to no page').toEqual([])
})
