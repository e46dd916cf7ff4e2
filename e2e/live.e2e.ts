import { fleet, sql, virsh, vmId, waitForGuest } from './fleet.ts'
import { expect, test } from './test.ts'

test('every guest of the lab is listed, and the whole fleet is healthy', async ({ as }) => {
  const page = await as('operator', '/fleet')
  for (const guest of fleet.guests)
    await expect(
      page
        .getByRole('table', { name: 'VMs' })
        .or(page.getByRole('grid', { name: 'VMs' }))
        .getByText(guest.name, { exact: true }),
    ).toBeVisible()
  const health = await page.request.get('/api/health')
  expect(health.status()).toBe(200)
  expect(await health.json()).toMatchObject({
    status: 'ok',
    sites: fleet.sites.length,
    hosts: fleet.hosts.length,
    hostsConnected: fleet.hosts.length,
    vms: fleet.guests.length,
  })
})

test('a change made by virsh shows in an open page within a second', async ({ as }) => {
  const guest = await waitForGuest('bergen-camera')
  const page = await as('operator', `/vms/${await vmId(guest.name)}`)
  const heading = page
    .getByRole('banner')
    .or(page.locator('header'))
    .filter({ has: page.getByRole('heading', { level: 1 }) })
  await expect(heading.getByText('Running', { exact: true })).toBeVisible()
  await virsh(guest.host, 'suspend', guest.name)
  await expect(heading.getByText('Paused', { exact: true })).toBeVisible({ timeout: 1_000 })
  await virsh(guest.host, 'resume', guest.name)
  await expect(heading.getByText('Running', { exact: true })).toBeVisible({ timeout: 1_000 })
})

test('changes that come while the browser still takes a page over are shown, and break nothing', async ({ as }) => {
  const guest = await waitForGuest('bergen-camera')
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

test('a VM made outside appears as unassigned and goes when it is removed', async ({ as }) => {
  const page = await as('operator', '/fleet?filter=is%3Aunassigned')
  await waitForGuest('bergen-camera')
  const xml = (await virsh('bergen-1', 'dumpxml', 'bergen-camera', '--inactive'))
    .replace(/<name>.*<\/name>/, '<name>made-by-hand</name>')
    .replace(/<uuid>.*<\/uuid>/, '')
    .replaceAll(/<mac address=.*\/>/g, '')
    .replaceAll(/<disk [\s\S]*?<\/disk>/g, '')
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises')
  const folder = await mkdtemp('/tmp/skerry-e2e-xml-')
  try {
    await writeFile(`${folder}/vm.xml`, xml)
    await virsh('bergen-1', 'define', `${folder}/vm.xml`)
    await expect(page.getByText('made-by-hand', { exact: true })).toBeVisible({ timeout: 1_000 })
    expect(await sql('SELECT tenant_id FROM vm WHERE name = $1', 'made-by-hand')).toEqual([{ tenant_id: null }])
  } finally {
    await virsh('bergen-1', 'undefine', 'made-by-hand')
    await rm(folder, { recursive: true })
  }
  await expect(page.getByText('made-by-hand', { exact: true })).toBeHidden({ timeout: 1_000 })
})
