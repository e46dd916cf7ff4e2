import type { Page } from '@playwright/test'
import { fleet, namesOn, sql, virsh } from './fleet.ts'
import { expect, test } from './test.ts'
import { deleteVm, watchFor } from './vm.ts'

// The second goes on with the template that the first makes.
test.describe.configure({ mode: 'serial' })

/** What a test that broke off left of them */
test.afterAll(async () => {
  await sql("DELETE FROM template WHERE name LIKE 'E2E Image%'")
  for (const host of fleet.hosts.map(({ name }) => name)) {
    if ((await namesOn(host)).includes('made-here')) {
      await virsh(host, 'destroy', 'made-here').catch(() => undefined)
      await virsh(host, 'undefine', 'made-here', '--remove-all-storage')
    }
    const volumes = (await virsh(host, 'vol-list', 'default'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/)[0] ?? '')
    for (const volume of volumes.filter((name) => name.startsWith('e2e-image')))
      await virsh(host, 'vol-delete', '--pool', 'default', volume)
  }
})

test('a VM is made from a template, boots, is protected, and goes with its disk', async ({ as }) => {
  test.setTimeout(240_000)
  const page = await as('operator', '/fleet/create')
  await page.getByLabel('Name').first().fill('made-here')
  const asIfSuspended = await watchFor(page, 'Paused', 'Resume')
  await page.getByRole('button', { name: /^Create/ }).click()
  await page.waitForURL(/\/vms\//)

  const where = async () =>
    (
      await sql<{ name: string }>(
        "SELECT host.name FROM vm JOIN host ON host.id = vm.host_id WHERE vm.name = 'made-here'",
      )
    )[0]?.name ?? ''
  const host = await where()
  await expect.poll(() => namesOn(host, 'running'), { timeout: 120_000 }).toContain('made-here')
  await expect(page.getByText('Running', { exact: true }).first()).toBeVisible({ timeout: 30_000 })
  expect(await asIfSuspended()).toEqual([])
  const disk = await virsh(host, 'domblklist', 'made-here', '--details')
  expect(disk).toMatch(/file\s+disk\s+\S+\s+\S+/)
  const path = /disk\s+\S+\s+(\S+)/.exec(disk)?.[1] ?? ''

  await page.getByRole('button', { name: 'More commands' }).click()
  await page.getByRole('menuitem', { name: /Force off/ }).click()
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: /Force off/ })
    .click()
  await expect.poll(() => virsh(host, 'domstate', 'made-here'), { timeout: 60_000 }).toBe('shut off')

  await expect(page.getByText('Off', { exact: true }).first()).toBeVisible()
  const more = page.getByRole('button', { name: 'More commands' })
  const isProtected = () => sql("SELECT protected FROM vm WHERE name = 'made-here'")
  await more.click()
  await page.getByRole('menuitem', { name: 'Protect against deletion' }).click()
  await expect.poll(isProtected).toEqual([{ protected: true }])
  await more.click()
  const refused = page.getByRole('menuitem', { name: 'Delete…' })
  await expect(refused).toHaveAttribute('aria-disabled', 'true')
  await expect(refused).toContainText('protected against deletion')
  await page.getByRole('menuitem', { name: 'Switch protection off' }).click()
  await expect.poll(isProtected).toEqual([{ protected: false }])
  await makeTemplate(page, 'made-here', 'E2E Image')
  await expect.poll(() => virsh(host, 'vol-list', 'default'), { timeout: 60_000 }).toContain('e2e-image')
  await deleteVm(page, 'made-here')
  expect(await namesOn(host)).not.toContain('made-here')
  await expect
    .poll(async () => (await virsh(host, 'vol-list', 'default')).includes(path), { timeout: 30_000 })
    .toBe(false)
})

test('a template is made of a VM, changed, offered, and goes; its image stays', async ({ as }) => {
  const [template] = await templates('E2E Image')
  expect(template?.volumeName).toMatch(/^e2e-image\./)
  const page = await as('operator', '/templates')
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  const command = async (name: string, item: string) => {
    await row(name).click({ button: 'right' })
    await page.getByRole('menuitem', { name: item }).click()
  }
  await command('E2E Image', 'Edit…')
  await page.getByLabel('Name', { exact: true }).fill('E2E Image 2')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(row('E2E Image 2')).toBeVisible()
  await command('E2E Image 2', 'Create a VM from it')
  await expect(page.getByRole('radio', { name: /E2E Image 2/ })).toBeChecked()
  await page.goto('/templates')
  await command('E2E Image 2', 'Delete…')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click()
  await expect(row('E2E Image 2')).toBeHidden()
  expect(await templates('E2E Image 2')).toEqual([])
  const hosts = await sql<{ name: string }>(
    'SELECT host.name FROM volume JOIN storage_pool AS pool ON pool.id = storage_pool_id JOIN host ON host.id = host_id WHERE volume.name = $1',
    template?.volumeName,
  )
  expect(hosts).toHaveLength(1)
  const path = await virsh(hosts[0]?.name ?? '', 'vol-path', '--pool', 'default', template?.volumeName ?? '')
  expect(path).toContain('e2e-image')
  await virsh(hosts[0]?.name ?? '', 'vol-delete', '--pool', 'default', template?.volumeName ?? '')
})

const templates = (name: string) =>
  sql<{ volumeName: string }>('SELECT volume_name AS "volumeName" FROM template WHERE name = $1', name)

/** Of the VM of this page, which is off. */
async function makeTemplate(page: Page, vmName: string, name: string): Promise<void> {
  await page.getByRole('button', { name: 'More commands' }).click()
  await page.getByRole('menuitem', { name: 'Make a template…' }).click({ timeout: 30_000 })
  const dialog = page.getByRole('dialog', { name: `Make a template of ${vmName}` })
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('System', { exact: true }).fill('Linux')
  await dialog.getByRole('button', { name: /Storage pool/ }).click()
  await page.getByRole('option', { name: 'default' }).click()
  await dialog.getByRole('button', { name: 'Make template' }).click()
  await expect.poll(() => templates(name), { timeout: 60_000 }).toHaveLength(1)
}
