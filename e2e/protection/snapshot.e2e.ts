import { sql, virsh, vmId } from '../fleet.ts'
import { countGoneBack, newestCount } from '../serial.ts'
import { expect, test } from '../test.ts'

const snapshots = async (host: string, vm: string) =>
  (await virsh(host, 'snapshot-list', vm, '--name')).split('\n').filter(Boolean)

test('a member takes a snapshot, goes back to it, and deletes it; the guest goes on where it was', async ({ as }) => {
  test.setTimeout(240_000)
  const [host, vm] = ['oslo-2', 'shop-web-2']
  await expect.poll(() => newestCount(host, vm), { timeout: 120_000 }).not.toBeNull()
  const page = await as('member', `/vms/${await vmId(vm)}/snapshots`)
  await expect(page.getByText('No snapshots')).toBeVisible()

  await page.getByRole('button', { name: 'Take snapshot…' }).click()
  const dialog = page.getByRole('dialog', { name: `Take a snapshot of ${vm}` })
  await dialog.getByLabel('Name').fill('before-upgrade')
  await dialog.getByLabel('Description').fill('Version 2 comes next')
  await expect(dialog.getByText(/stands still while/)).toBeVisible()
  await dialog.getByRole('button', { name: 'Take snapshot' }).click()
  await expect.poll(() => snapshots(host, vm), { timeout: 60_000 }).toEqual(['before-upgrade'])
  const tree = page.getByRole('list', { name: `Snapshots of ${vm}, oldest first` })
  await expect(tree.getByText('Version 2 comes next')).toBeVisible()
  await expect(tree.getByText('with all that changed since before-upgrade')).toBeVisible()

  // Past where the snapshot has it, so that it is seen to go back.
  const taken = (await newestCount(host, vm))?.n ?? 0
  await expect.poll(async () => (await newestCount(host, vm))?.n, { timeout: 60_000 }).toBeGreaterThan(taken + 1)
  await page.getByRole('button', { name: 'Revert to before-upgrade' }).click()
  const revert = page.getByRole('alertdialog')
  await expect(revert.getByText(/stays in the snapshot below/)).toBeVisible()
  await revert.getByRole('button', { name: 'Revert' }).click()
  await expect.poll(async () => (await snapshots(host, vm)).length, { timeout: 60_000 }).toBe(2)
  await expect.poll(() => virsh(host, 'snapshot-current', vm, '--name'), { timeout: 60_000 }).toBe('before-upgrade')
  // It stands still for a moment while it goes back.
  await expect.poll(() => virsh(host, 'domstate', vm), { timeout: 30_000 }).toBe('running')
  await expect(page.getByText('You are here')).toBeVisible()
  await expect.poll(() => countGoneBack(host, vm), { timeout: 60_000 }).toBeDefined()
  const back = await countGoneBack(host, vm)
  expect((await newestCount(host, vm))?.bootId, 'it did not boot again').toBe(back?.bootId)

  const reverts = () => sql("SELECT state FROM operation WHERE kind = 'revert-snapshot' AND target_name = $1", vm)
  await expect.poll(reverts, { timeout: 30_000 }).toEqual([{ state: 'succeeded' }])
  await page.getByRole('button', { name: 'Delete before-upgrade' }).click()
  const remove = page.getByRole('alertdialog')
  await remove.getByText('Also the one taken after it').click()
  await remove.getByRole('button', { name: 'Delete 2 snapshots' }).click()
  await expect.poll(() => snapshots(host, vm), { timeout: 60_000 }).toEqual([])
  await expect(page.getByText('No snapshots')).toBeVisible()
  const entries = await sql<{ action: string; outcome: string }>(
    "SELECT action, outcome FROM audit_entry WHERE action LIKE 'vm.%snapshot' AND resource_name = $1 ORDER BY id",
    vm,
  )
  const done = ['vm.snapshot', 'vm.revert-snapshot', 'vm.delete-snapshot']
  expect(entries).toEqual(done.map((action) => ({ action, outcome: 'succeeded' })))
})

test('a schedule is added, told when it comes next, and its deletion can be undone', async ({ as }) => {
  const page = await as('member', `/vms/${await vmId('shop-db-1')}/snapshots`)
  await page.getByRole('button', { name: 'Add schedule…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Snapshot schedule for shop-db-1' })
  await dialog.getByRole('radio', { name: 'Weekly' }).click()
  await dialog.getByRole('button', { name: 'Add schedule' }).click()
  await expect(page.getByText('Every week on Sunday at 03:00')).toBeVisible()
  const rows = () => sql('SELECT every, weekday, hour, keep_count, enabled FROM snapshot_schedule')
  await expect.poll(rows).toEqual([{ every: 'week', weekday: 7, hour: 3, keep_count: 4, enabled: true }])
  await page.getByRole('button', { name: /^Delete: Every week/ }).click()
  await expect.poll(rows).toEqual([])
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect.poll(async () => (await rows()).length).toBe(1)
})

test('a viewer sees snapshots and can do nothing with them, by the page or past it', async ({ as }) => {
  const id = await vmId('shop-db-1')
  const page = await as('viewer', `/vms/${id}/snapshots`)
  await expect(page.getByRole('button', { name: 'Take snapshot…' })).toHaveAttribute('aria-disabled', 'true')
  const status = await page.evaluate(async (vmId) => {
    const response = await fetch('/api/trpc/snapshot.take', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ json: { vmId, name: 'not-mine' } }),
    })
    return response.status
  }, id)
  expect(status).toBe(403)
  expect(await snapshots('oslo-2', 'shop-db-1')).toEqual([])
})
