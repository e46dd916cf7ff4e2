import { namesOn, sql, virsh, vmId, waitForGuest } from './fleet.ts'
import { newestCount } from './serial.ts'
import { expect, test } from './test.ts'
import { watchFor } from './vm.ts'

/** The files a running VM's disk consists of, by its host's word. */
const chainOf = async (host: string, vm: string) =>
  (await virsh(host, 'dumpxml', vm, '--xpath', '//disk[@device="disk"]//source/@file')).split('\n').filter(Boolean)

test('a running VM moves to another site from the browser, and its counter goes on', async ({ as }) => {
  test.setTimeout(240_000)
  await expect.poll(() => newestCount('oslo-1', 'shop-web-1'), { timeout: 120_000 }).not.toBeNull()
  const page = await as('operator', `/vms/${await vmId('shop-web-1')}`)
  const before = await newestCount('oslo-1', 'shop-web-1')

  await page.getByRole('button', { name: 'Migrate…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Migrate shop-web-1' })
  // Every host of the fleet is there, also the one it can't move to, with the reason.
  for (const host of ['oslo-1', 'oslo-2', 'frankfurt-1', 'tromso-1', 'bergen-1']) {
    await expect(dialog.getByText(host, { exact: true }).first()).toBeVisible()
  }
  // What was chosen is not exchanged for another when it can't be any more: that is said, and nothing begins.
  await dialog.getByText('tromso-1', { exact: true }).click()
  const toTromso = dialog.getByRole('button', { name: 'Migrate to tromso-1' })
  await expect(toTromso).toBeEnabled()
  const drainTromso = (draining: boolean) => sql("UPDATE host SET draining = $1 WHERE name = 'tromso-1'", draining)
  await drainTromso(true)
  try {
    await expect(dialog.getByText('tromso-1 can’t take it now: choose another host')).toBeVisible()
    await expect(dialog.getByRole('radio', { name: /tromso-1/ })).toBeChecked()
    await expect(dialog.getByRole('button', { name: 'Migrate', exact: true })).toHaveAttribute('aria-disabled', 'true')
  } finally {
    await drainTromso(false)
  }
  await expect(toTromso).toBeEnabled()
  await dialog.getByText('frankfurt-1', { exact: true }).click()
  const asIfSuspended = await watchFor(page, 'Paused', 'Resume')
  await dialog.getByRole('button', { name: 'Migrate to frankfurt-1' }).click()
  await expect(page.getByText(/Migrating|Migrate/).first()).toBeVisible()

  await expect.poll(() => namesOn('frankfurt-1', 'running'), { timeout: 120_000 }).toContain('shop-web-1')
  await expect.poll(() => namesOn('oslo-1'), { timeout: 60_000 }).not.toContain('shop-web-1')
  const after = await expect
    .poll(async () => (await newestCount('frankfurt-1', 'shop-web-1'))?.n ?? 0, { timeout: 60_000 })
    .toBeGreaterThan(before?.n ?? 0)
    .then(() => newestCount('frankfurt-1', 'shop-web-1'))
  expect(after?.bootId, 'it did not boot again').toBe(before?.bootId)

  await expect(page.getByRole('link', { name: 'frankfurt-1' }).first()).toBeVisible({ timeout: 10_000 })
  expect(await asIfSuspended()).toEqual([])
  const [row] = await sql<{ name: string }>(
    "SELECT host.name FROM vm JOIN host ON host.id = vm.host_id WHERE vm.name = 'shop-web-1'",
  )
  expect(row?.name).toBe('frankfurt-1')

  // Asked again at once, it proposes by how things are now.
  await page.getByRole('button', { name: 'Migrate…' }).click()
  await expect(dialog.getByText('frankfurt-1', { exact: true }).first()).toBeVisible()
  await expect(dialog.getByRole('button', { name: /^Migrate to (oslo|tromso|bergen)-\d$/ })).toBeEnabled()
})

test('a running VM with a snapshot inside its disk moves standing still, which is told before', async ({ as }) => {
  test.setTimeout(240_000)
  await expect.poll(() => newestCount('frankfurt-1', 'shop-web-1')).not.toBeNull()
  const id = await vmId('shop-web-1')
  try {
    await virsh('frankfurt-1', 'snapshot-create-as', 'shop-web-1', 'before-work')
    await expect.poll(() => sql('SELECT name FROM snapshot WHERE vm_id = $1', id)).toEqual([{ name: 'before-work' }])
    const volumes = () =>
      sql("SELECT FROM volume WHERE name LIKE 'shop-web-1%' AND path = (SELECT source FROM disk WHERE vm_id = $1)", id)
    await expect.poll(volumes, { message: 'the pool that its disk has come to is read again' }).toHaveLength(1)
    const [host] = await sql<{ id: string }>("SELECT id FROM host WHERE name = 'frankfurt-1'")
    const page = await as('operator', `/hosts/${host?.id}`)
    await page.getByRole('button', { name: 'Drain…' }).click()
    const drain = page.getByRole('dialog', { name: 'Drain frankfurt-1' })
    const line = drain.getByRole('listitem').filter({ hasText: 'shop-web-1' })
    await expect(line.getByText(/stands still and moves to/)).toBeVisible()
    await expect(drain.getByText(/1 VM will stand still while moving/)).toBeVisible()
    await drain.getByRole('button', { name: 'Cancel' }).click()

    await page.goto(`/vms/${id}`)
    await page.getByRole('button', { name: 'Migrate…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Migrate shop-web-1' })
    await dialog.getByText('oslo-1', { exact: true }).click()
    await expect(dialog.getByText(/it stands still all the while$/)).toBeVisible()
    await expect(dialog.getByText(/nobody has to shut it down/)).toBeVisible()
    await expect(dialog.getByRole('radio', { name: /oslo-1/ })).toBeChecked()
    await dialog.getByRole('button', { name: 'Migrate to oslo-1' }).click()
    await expect.poll(() => namesOn('oslo-1', 'running'), { timeout: 120_000 }).toContain('shop-web-1')
    await expect.poll(() => namesOn('frankfurt-1'), { timeout: 60_000 }).not.toContain('shop-web-1')
    const last = await newestCount('frankfurt-1', 'shop-web-1')
    const next = { n: (last?.n ?? 0) + 1, bootId: last?.bootId }
    await expect
      .poll(() => newestCount('oslo-1', 'shop-web-1').then((count) => count?.n ?? 0))
      .toBeGreaterThanOrEqual(next.n)
    expect((await newestCount('oslo-1', 'shop-web-1'))?.bootId, 'it did not boot again').toBe(next.bootId)
    expect(await virsh('oslo-1', 'snapshot-list', 'shop-web-1', '--name')).toBe('before-work')
    const [operation] = await sql<{ id: string }>(
      "SELECT id FROM operation WHERE kind = 'migrate-vm' AND target_id = $1 ORDER BY created_at DESC LIMIT 1",
      id,
    )
    await page.goto('/operations')
    const row = page.getByRole('row').filter({ has: page.locator(`a[href="/operations?open=${operation?.id}"]`) })
    await expect(row.getByText(/stopped for (\d+ s|\d+ min)/)).toBeVisible({ timeout: 30_000 })
  } finally {
    // Where it has come to, it has its snapshot with it.
    for (const host of ['oslo-1', 'frankfurt-1']) {
      await virsh(host, 'snapshot-delete', 'shop-web-1', 'before-work').catch(() => undefined)
    }
  }
})

test('a snapshot in a file beside the disk, taken in the browser, comes along without shared storage, and is deleted there', async ({
  as,
}) => {
  test.setTimeout(240_000)
  const [from, to, vm] = ['oslo-1', 'frankfurt-1', 'shop-web-1']
  await expect.poll(() => newestCount(from, vm)).not.toBeNull()
  const id = await vmId(vm)
  const page = await as('operator', `/vms/${id}/snapshots`)
  await page.getByRole('button', { name: 'Take snapshot…' }).click()
  const take = page.getByRole('dialog', { name: `Take a snapshot of ${vm}` })
  await take.getByLabel('Name').fill('before-sale')
  await take.getByText('Disks alone', { exact: true }).click()
  await take.getByRole('button', { name: 'Take snapshot' }).click()
  await expect.poll(() => chainOf(from, vm), { timeout: 60_000 }).toHaveLength(2)
  const tree = page.getByRole('list', { name: `Snapshots of ${vm}, oldest first` })
  await expect(tree.getByText('before-sale').first()).toBeVisible()

  const before = await newestCount(from, vm)
  await page.getByRole('button', { name: 'Migrate…' }).click()
  const dialog = page.getByRole('dialog', { name: `Migrate ${vm}` })
  await dialog.getByText(to, { exact: true }).click()
  await dialog.getByRole('button', { name: `Migrate to ${to}` }).click()
  await expect.poll(() => namesOn(to, 'running'), { timeout: 120_000 }).toContain(vm)
  await expect.poll(() => namesOn(from), { timeout: 60_000 }).not.toContain(vm)
  await expect.poll(async () => (await newestCount(to, vm))?.n ?? 0).toBeGreaterThan(before?.n ?? 0)
  expect((await newestCount(to, vm))?.bootId, 'it did not boot again').toBe(before?.bootId)
  expect(await chainOf(to, vm)).toHaveLength(2)
  expect(await virsh(to, 'snapshot-list', vm, '--name')).toBe('before-sale')
  const volumesOn = async (host: string) => {
    await virsh(host, 'pool-refresh', 'default')
    return virsh(host, 'vol-list', 'default')
  }
  // Its disks go once it is gone.
  await expect.poll(() => volumesOn(from), { message: 'nothing of it is left', timeout: 30_000 }).not.toContain(vm)

  await page.getByRole('button', { name: 'Delete before-sale' }).click()
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: /^Delete/ })
    .click()
  await expect.poll(() => virsh(to, 'snapshot-list', vm, '--name'), { timeout: 60_000 }).toBe('')
  await expect(page.getByText('No snapshots')).toBeVisible()
  expect(await chainOf(to, vm)).toHaveLength(1)
})

test('a migration shows at the foot of every page; cancelled there, the VM is left where it was', async ({ as }) => {
  test.setTimeout(180_000)
  await waitForGuest('desktop-anna')
  const page = await as('operator', `/vms/${await vmId('desktop-anna')}`)
  await page.getByRole('button', { name: 'Migrate…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Migrate desktop-anna' })
  await dialog.getByText('bergen-1', { exact: true }).click()
  // One megabyte a second: slow enough to be stopped in the middle.
  await dialog.getByRole('button', { name: /^Options/ }).click()
  const limit = dialog.getByRole('textbox', { name: /^Bandwidth at most/ })
  await limit.fill('8')
  await limit.blur()
  await dialog.getByRole('button', { name: 'Migrate to bergen-1' }).click()
  await expect
    .poll(() => virsh('frankfurt-1', 'domjobinfo', 'desktop-anna'), { timeout: 60_000 })
    .toMatch(/Unbounded|Bounded/)
  // Everyone's operations stand at the foot of every page, also of one that is opened anew.
  const tray = page.getByRole('region', { name: 'Operations' })
  await tray.getByRole('button', { name: 'Open Operations' }).click()
  const progress = tray.getByRole('progressbar', { name: 'Migrate desktop-anna' })
  await expect(progress).toHaveAttribute('aria-valuetext', /\/s, .+ left$/, { timeout: 30_000 })
  await page.goto('/sites')
  await expect(progress).toHaveAttribute('aria-valuetext', /\/s, .+ left$/, { timeout: 30_000 })
  await page.reload()
  await expect(progress).toBeVisible()
  await tray.getByRole('button', { name: 'Cancel: Migrate desktop-anna' }).click()
  await expect
    .poll(() => sql("SELECT state FROM operation WHERE target_name = 'desktop-anna' AND kind = 'migrate-vm'"), {
      timeout: 60_000,
    })
    .toEqual([{ state: 'cancelled' }])
  expect(await virsh('frankfurt-1', 'domstate', 'desktop-anna')).toBe('running')
  expect(await namesOn('bergen-1')).not.toContain('desktop-anna')
  expect(await virsh('bergen-1', 'vol-list', 'default')).not.toContain('desktop-anna')
})
