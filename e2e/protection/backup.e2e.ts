import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql, virsh, vmId } from '../fleet.ts'
import { newestCount } from '../serial.ts'
import { expect, test } from '../test.ts'
import { deleteVm } from '../vm.ts'
import { addDatastore, backUpInto } from './datastore.ts'

test('a datastore is added, a VM backed up twice, led back in place, and restored as a new one elsewhere', async ({
  as,
}) => {
  test.setTimeout(300_000)
  const [host, vm, other] = ['frankfurt-1', 'desktop-bo', 'oslo-2']
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-store-'))
  try {
    await expect.poll(() => newestCount(host, vm), { timeout: 120_000 }).not.toBeNull()
    const page = await as('operator', '/datastores')
    await addDatastore(page, 'Vault', join(folder, 'store'))
    const [datastore] = await sql<{ id: string }>("SELECT id FROM datastore WHERE name = 'Vault'")
    expect(await readdir(join(folder, 'store'))).toContain(datastore?.id)

    const uuid = await virsh(host, 'domuuid', vm)
    await page.goto(`/vms/${await vmId(vm)}/backups`)
    const points = () =>
      sql<{ reading: string }>('SELECT reading FROM recovery_point WHERE vm_name = $1 ORDER BY taken_at', vm)
    // Of the recovery timeline, which shows also what came while the page is open.
    const lane = page.getByRole('list', { name: 'Backups', exact: true })
    for (const count of [1, 2]) {
      await backUpInto(page, 'Vault')
      expect((await points()).length).toBe(count)
      await expect(page.getByRole('button', { name: /^Restore to/ })).toHaveCount(count)
      const mark = count === 1 ? 'Backups: In Vault' : `Backups: ${count} of them`
      await expect(lane.getByRole('button', { name: mark })).toBeVisible()
    }
    expect(await points()).toEqual([{ reading: 'full' }, { reading: 'incremental' }])
    const before = await newestCount(host, vm)

    const openRestore = () =>
      page
        .getByRole('button', { name: /^Restore to/ })
        .last()
        .click()
    const restore = page.getByRole('alertdialog')
    const confirm = restore.getByRole('button', { name: 'Restore', exact: true })
    // What could not even be asked is asked again first, in place.
    await page.route(/measureRestore/, (route) => route.abort())
    await openRestore()
    await restore.getByRole('textbox').fill(vm)
    const again = restore.getByRole('button', { name: 'Try again' })
    await again.focus()
    const failed = page.waitForEvent('requestfailed')
    await page.keyboard.press('Enter')
    await failed
    await expect(again).toBeFocused()
    await expect(confirm).toHaveAttribute('aria-disabled', 'true')
    await page.unroute(/measureRestore/)
    await page.keyboard.press('Enter')
    await expect(restore.getByRole('status')).toContainText('are written', { timeout: 30_000 })
    await expect(restore.getByRole('list', { name: 'Disks' })).toContainText('differ from the newest recovery point')
    // One who asks too often is told so, and may restore all the same.
    const isTold = () =>
      restore
        .getByText('too often')
        .waitFor({ timeout: 500 })
        .then(
          () => true,
          () => false,
        )
    while (!(await isTold())) {
      await restore.getByRole('button', { name: 'Cancel' }).click()
      const answered = page.waitForResponse(/measureRestore/)
      await openRestore()
      await answered
    }
    await restore.getByRole('textbox').fill(vm)
    await confirm.click()
    const states = () => sql("SELECT state FROM operation WHERE kind = 'restore-vm' AND target_name = $1", vm)
    await expect.poll(states, { timeout: 150_000 }).toEqual([{ state: 'succeeded' }])
    expect(await virsh(host, 'domstate', vm)).toBe('running')
    expect(await virsh(host, 'domuuid', vm)).toBe(uuid)
    expect((await points()).length, 'what it was is a recovery point too').toBe(3)
    await expect.poll(async () => (await newestCount(host, vm))?.bootId, { timeout: 60_000 }).not.toBe(before?.bootId)
    const made = `${vm}-restored`
    await page
      .getByRole('button', { name: /^More for the recovery point/ })
      .last()
      .click()
    await page.getByRole('menuitem', { name: 'Restore as new VM…' }).click()
    const asNew = page.getByRole('dialog', { name: `Restore ${vm} as a new VM` })
    await expect(asNew.getByLabel('Name')).toHaveValue(made)
    await asNew.getByText(other, { exact: true }).click({ timeout: 30_000 })
    await expect(asNew.getByRole('radio', { name: other })).toBeChecked()
    await expect(asNew.getByRole('list', { name: 'Network cards' })).toContainText('comes unplugged')
    await asNew.getByRole('button', { name: 'Restore', exact: true }).click()
    const news = () => sql("SELECT state FROM operation WHERE kind = 'restore-new-vm' AND target_name = $1", made)
    await expect.poll(news, { timeout: 120_000 }).toEqual([{ state: 'succeeded' }])
    expect(await virsh(other, 'domuuid', made)).not.toBe(uuid)
    expect(await virsh(other, 'domstate', made)).toBe('shut off')
    await expect(page.getByRole('heading', { name: made })).toBeVisible()
    await deleteVm(page, made)

    await page.goto('/recovery-points')
    await expect(page.getByRole('link', { name: vm, exact: true })).toBeVisible()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
