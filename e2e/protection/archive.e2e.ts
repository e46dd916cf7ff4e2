import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql, virsh, vmId } from '../fleet.ts'
import { newestCount } from '../serial.ts'
import { expect, test } from '../test.ts'
import { deleteVm } from '../vm.ts'
import { addDatastore, backUpInto } from './datastore.ts'

const vm = 'bergen-gateway'
const points = () => sql<{ id: string }>('SELECT id FROM recovery_point WHERE vm_name = $1 ORDER BY taken_at', vm)
const archived = () => sql<{ id: string }>('SELECT id FROM archived_point WHERE vm_name = $1', vm)
const lastOf = async (kind: string) =>
  (
    await sql<{ state: string }>('SELECT state FROM operation WHERE kind = $1 ORDER BY created_at DESC LIMIT 1', kind)
  )[0]?.state
const hostOf = async (name: string) =>
  (
    await sql<{ host: string }>(
      'SELECT host.name AS host FROM vm JOIN host ON host.id = vm.host_id WHERE vm.name = $1',
      name,
    )
  )[0]?.host ?? ''

test('an archive store is granted; a policy moves an older backup there, and the VM is led back straight from it', async ({
  as,
}) => {
  test.setTimeout(300_000)
  const host = 'bergen-1'
  const folder = await mkdtemp(join(tmpdir(), 'skerry-e2e-archive-'))
  const [vault, ice] = [join(folder, 'vault'), join(folder, 'ice')]
  try {
    await expect.poll(() => newestCount(host, vm), { timeout: 120_000 }).not.toBeNull()
    const page = await as('operator', '/datastores')
    await addDatastore(page, 'Near', vault)
    await page.goto(`/vms/${await vmId(vm)}/backups`)
    for (const count of [1, 2]) {
      await backUpInto(page, 'Near')
      expect((await points()).length).toBe(count)
    }
    const [older, newer] = await points()

    await page.goto('/archive')
    await page.getByRole('button', { name: 'Add archive store' }).click()
    const add = page.getByRole('dialog', { name: 'Add an archive store' })
    await add.getByLabel('Name').fill('Ice')
    await add.getByRole('textbox', { name: 'Folder' }).fill(ice)
    await add.getByRole('button', { name: 'Add archive store' }).click()
    await add.getByRole('button', { name: 'Done' }).click({ timeout: 30_000 })
    await expect(page.getByRole('list', { name: 'Archive stores', exact: true })).toContainText(
      /A folder locks nothing/,
    )
    await page.goto(
      `/archive?tenant=${(await sql<{ id: string }>("SELECT id FROM tenant WHERE name = 'Polar Sensors'"))[0]?.id}`,
    )
    await page.getByRole('button', { name: 'Open Ice to Polar Sensors' }).click()
    const grant = page.getByRole('dialog', { name: 'Tenants of Ice' })
    await grant.getByRole('button', { name: 'Grant', exact: true }).click()
    await expect(grant.getByRole('list', { name: 'Tenants that may use it' })).toContainText('Polar Sensors')
    // Any operation has the archive read again, which then has a store: the dialog stays.
    const reread = page.waitForResponse(/archive\.get/)
    await sql('UPDATE operation SET phase = phase')
    await reread
    await expect(page.getByText('A policy says which backups')).toBeAttached()
    await expect(grant).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(grant).toBeHidden()
    await expect(page.getByRole('button', { name: 'Create policy' })).toBeFocused()
    await page.getByRole('button', { name: 'Tenants of Ice' }).click()
    await grant.getByRole('button', { name: /Tenant/ }).click()
    await page.getByRole('option', { name: 'Fjord Design' }).click()
    await expect(page.getByRole('option', { name: 'Fjord Design' })).toBeHidden()
    await page.keyboard.press('Escape')
    await expect(grant).toBeHidden()

    await page.getByRole('button', { name: 'Create policy' }).click()
    const policy = page.getByRole('dialog', { name: 'Create an archival policy' })
    await policy.getByLabel('Name').fill('Away with the old')
    await policy.getByText('Of all VMs, also of those that are gone').click()
    await policy.getByText(vm, { exact: true }).click()
    await policy.getByRole('textbox', { name: 'Not younger than' }).fill('0')
    await policy.getByText('Deleted', { exact: true }).click()
    // A folder can't lock: the dialog says why, and offers no lock.
    await expect(policy.getByText(/A folder locks nothing/)).toBeVisible()
    await expect(policy.getByRole('radio', { name: /^Locked/ }).first()).toBeDisabled()
    await expect(policy.getByText('2 points of 1 VM')).toBeVisible()
    await policy.getByRole('button', { name: 'Create policy' }).click()
    await expect(policy).toBeHidden()
    await page.getByRole('button', { name: 'Run Away with the old now' }).click()
    await expect.poll(() => lastOf('archive-recovery-points'), { timeout: 90_000 }).toBe('succeeded')
    expect((await archived()).map(({ id }) => id).sort()).toEqual([older?.id, newer?.id].sort())
    expect(await points(), 'the newest stays in its datastore').toEqual([{ id: newer?.id }])
    const [store] = await sql<{ id: string }>("SELECT id FROM archive_store WHERE name = 'Ice'")
    expect(await readdir(ice)).toContain(store?.id)

    const stores = page.getByRole('list', { name: 'Archive stores', exact: true })
    await expect(stores).toContainText('Never verified')
    await page.getByRole('button', { name: 'Verify Ice' }).click()
    const verify = page.getByRole('dialog', { name: 'Verify Ice' })
    await expect(verify).toContainText('Not known')
    await verify.getByRole('button', { name: 'Verify all' }).click()
    await expect(verify).toBeHidden()
    await expect.poll(() => lastOf('verify-archive-store'), { timeout: 90_000 }).toBe('succeeded')
    await expect(stores).toContainText(/Verified .*ago|Verified .*now/)

    await page.goto(`/vms/${await vmId(vm)}/backups`)
    const lane = page.getByRole('list', { name: 'Archive', exact: true })
    await lane.getByRole('button').first().click()
    await expect(page.getByRole('dialog', { name: /^Archive/ })).toContainText('In Ice')
    await page.keyboard.press('Escape')
    const uuid = await virsh(host, 'domuuid', vm)
    const before = await newestCount(host, vm)
    await page
      .getByRole('list', { name: 'Archived recovery points, newest first' })
      .getByRole('button', { name: /^Restore from the archive/ })
      .last()
      .click()
    const restore = page.getByRole('alertdialog', { name: `Restore ${vm} from the archive?` })
    await expect(restore).toContainText(/at most €/)
    await restore.getByRole('textbox').fill(vm)
    await restore.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(() => lastOf('restore-vm'), { timeout: 150_000 }).toBe('succeeded')
    expect(await virsh(host, 'domuuid', vm)).toBe(uuid)
    expect(await virsh(host, 'domstate', vm)).toBe('running')
    await expect.poll(async () => (await newestCount(host, vm))?.bootId, { timeout: 60_000 }).not.toBe(before?.bootId)

    const made = `${vm}-again`
    await page.goto(`/recovery-points/${uuid}`)
    await page
      .getByRole('button', { name: /^Restore as a new VM from the archive/ })
      .last()
      .click()
    const asNew = page.getByRole('dialog', { name: `Restore ${vm} as a new VM` })
    await expect(asNew).toContainText(/read straight from Ice, which takes at most €/)
    await asNew.getByLabel('Name').fill(made)
    await expect(asNew.getByRole('radio', { checked: true })).toBeVisible({ timeout: 30_000 })
    await asNew.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(() => lastOf('restore-new-vm'), { timeout: 150_000 }).toBe('succeeded')
    expect(await virsh(await hostOf(made), 'domuuid', made)).not.toBe(uuid)
    await expect(page.getByRole('heading', { name: made })).toBeVisible()
    await deleteVm(page, made)

    const shared = `${vm}-clone`
    await page.goto(`/recovery-points/${uuid}`)
    await page
      .getByRole('button', { name: /^Clone from the archive/ })
      .last()
      .click()
    const clone = page.getByRole('dialog', { name: `Clone ${vm}` })
    await expect(clone).toContainText(/fetched from Ice when it first reads them.*slower.*costs at most €/)
    await expect(clone.getByText('Follow its source')).toHaveCount(0)
    await clone.getByText('Start it', { exact: true }).click()
    await expect(clone.getByRole('radio', { checked: true })).toBeVisible({ timeout: 30_000 })
    await clone.getByRole('button', { name: 'Clone', exact: true }).click()
    await expect.poll(() => lastOf('clone-recovery-point'), { timeout: 60_000 }).toBe('succeeded')
    expect(await virsh(await hostOf(shared), 'dumpxml', shared)).toContain("protocol='nbd'")
    await expect(page.getByText(/In the archive store Ice;/)).toBeVisible()
    await deleteVm(page, shared)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
