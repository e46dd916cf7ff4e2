import { namesOn, sql, virsh } from './fleet.ts'
import { expect, test } from './test.ts'
import { deleteVm } from './vm.ts'

test('a VM is made from a template, boots, is protected, and goes with its disk', async ({ as }) => {
  test.setTimeout(240_000)
  const page = await as('operator', '/fleet/create')
  await page.getByLabel('Name').first().fill('made-here')
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
  await deleteVm(page, 'made-here')
  expect(await namesOn(host)).not.toContain('made-here')
  await expect
    .poll(async () => (await virsh(host, 'vol-list', 'default')).includes(path), { timeout: 30_000 })
    .toBe(false)
})
