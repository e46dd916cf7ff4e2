import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql, virsh, vmId } from '../fleet.ts'
import { expect, test } from '../test.ts'
import { deleteVm } from '../vm.ts'
import { addDatastore, backUpInto } from './datastore.ts'

test('a recovery point is cloned in seconds, can’t be deleted meanwhile, and the clone is kept on its own', async ({
  as,
}) => {
  test.setTimeout(240_000)
  const [host, vm] = ['frankfurt-1', 'desktop-bo']
  const made = `${vm}-clone`
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-clone-'))
  try {
    const page = await as('operator', '/datastores')
    await addDatastore(page, 'Clones', join(folder, 'store'))
    await page.goto(`/vms/${await vmId(vm)}/backups`)
    await backUpInto(page, 'Clones')
    const more = page.getByRole('button', { name: /^More for the recovery point/ }).first()
    await more.click()

    await page.getByRole('menuitem', { name: 'Clone…' }).click()
    const dialog = page.getByRole('dialog', { name: `Clone ${vm}` })
    await expect(dialog.getByLabel('Name')).toHaveValue(made)
    await dialog.getByText(host, { exact: true }).click({ timeout: 30_000 })
    await expect(dialog.getByRole('radio', { name: host })).toBeChecked()
    await dialog.getByText('Follow its source').click()
    await expect(dialog.getByText('Start it', { exact: true })).toHaveCount(0)
    await dialog.getByText('Follow its source').click()
    await dialog.getByText('Start it', { exact: true }).click()
    await dialog.getByRole('button', { name: 'Clone', exact: true }).click()
    await expect(page.getByRole('heading', { name: made })).toBeVisible()
    const operations = () => sql('SELECT state FROM operation WHERE target_name = $1 ORDER BY created_at', made)
    await expect.poll(operations, { timeout: 30_000 }).toEqual([{ state: 'succeeded' }])
    expect(await virsh(host, 'domstate', made)).toBe('running')
    expect(await virsh(host, 'dumpxml', made)).toContain("protocol='nbd'")
    await expect(page.getByText('Shares blocks with')).toBeVisible()

    await page.goto(`/vms/${await vmId(vm)}/backups`)
    await expect(page.getByText('1 clone', { exact: true })).toBeVisible()
    await more.click()
    const remove = page.getByRole('menuitem', { name: 'Delete…' })
    await expect(remove).toBeDisabled()
    await page.keyboard.press('Escape')

    await page.goto(`/vms/${await vmId(made)}`)
    await page.getByRole('button', { name: 'More commands' }).click()
    await page.getByRole('menuitem', { name: 'Keep on its own…' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Keep on its own' }).click()
    const kept = () => sql("SELECT state FROM operation WHERE kind = 'keep-clone'")
    await expect.poll(kept, { timeout: 60_000 }).toEqual([{ state: 'succeeded' }])
    expect(await virsh(host, 'dumpxml', made)).not.toContain("protocol='nbd'")
    expect(await virsh(host, 'dumpxml', '--inactive', made)).not.toContain("protocol='nbd'")
    await expect(page.getByText('Shares blocks with')).toHaveCount(0)

    await virsh(host, 'destroy', made)
    await deleteVm(page, made)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a clone that was never started follows its source to the next recovery point, until it is started', async ({
  as,
}) => {
  test.setTimeout(240_000)
  const [host, vm] = ['frankfurt-1', 'desktop-bo']
  const made = `${vm}-mirror`
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-follow-'))
  try {
    const page = await as('operator', '/datastores')
    await addDatastore(page, 'Mirrors', join(folder, 'store'))
    const backups = `/vms/${await vmId(vm)}/backups`
    await page.goto(backups)
    await backUpInto(page, 'Mirrors')
    await page
      .getByRole('button', { name: /^More for the recovery point/ })
      .first()
      .click()
    await page.getByRole('menuitem', { name: 'Clone…' }).click()
    const dialog = page.getByRole('dialog', { name: `Clone ${vm}` })
    await dialog.getByLabel('Name').fill(made)
    await dialog.getByText(host, { exact: true }).click({ timeout: 30_000 })
    await expect(dialog.getByRole('radio', { name: host })).toBeChecked()
    await dialog.getByText('Follow its source').click()
    await dialog.getByRole('button', { name: 'Clone', exact: true }).click()
    await expect(page.getByText('it follows its source to each newer one')).toBeVisible({ timeout: 30_000 })
    const ended = (kind: string) =>
      sql('SELECT state FROM operation WHERE kind = $1 AND target_name = $2 ORDER BY created_at', kind, made)
    await expect.poll(() => ended('clone-recovery-point'), { timeout: 30_000 }).toEqual([{ state: 'succeeded' }])
    const [uuid, before] = [await virsh(host, 'domuuid', made), await virsh(host, 'dumpxml', made)]

    await page.goto(backups)
    await backUpInto(page, 'Mirrors')
    await expect.poll(() => ended('follow-source'), { timeout: 60_000 }).toEqual([{ state: 'succeeded' }])
    const [newest] = await sql<{ id: string }>(
      'SELECT id FROM recovery_point WHERE vm_name = $1 ORDER BY taken_at DESC LIMIT 1',
      vm,
    )
    const state = () => sql('SELECT stands_on_id AS "standsOn", follows FROM vm WHERE name = $1', made)
    expect(await state()).toEqual([{ standsOn: newest?.id, follows: true }])
    expect(await virsh(host, 'domuuid', made), 'it is the same VM').toBe(uuid)
    expect(await virsh(host, 'domstate', made)).toBe('shut off')
    const after = await virsh(host, 'dumpxml', made)
    expect(after).toContain("protocol='nbd'")
    expect(after, 'it reads another recovery point').not.toBe(before)

    await page.goto(`/vms/${await vmId(made)}`)
    await page.getByRole('button', { name: 'Start', exact: true }).click()
    await expect(page.getByText('of its disks are its own')).toBeVisible({ timeout: 30_000 })
    await expect.poll(() => virsh(host, 'domstate', made), { timeout: 30_000 }).toBe('running')
    await expect.poll(state).toEqual([{ standsOn: newest?.id, follows: false }])
    await expect.poll(() => ended('power-vm'), { timeout: 30_000 }).toEqual([{ state: 'succeeded' }])

    await virsh(host, 'destroy', made)
    await deleteVm(page, made)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
