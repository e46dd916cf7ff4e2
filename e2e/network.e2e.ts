import { sql } from './fleet.ts'
import { expect, goAs, test } from './test.ts'

test('an operator grants a network to one tenant; another has none to choose any more', async ({ as, browser }) => {
  const [owner] = await sql<{ id: string; name: string }>(
    `SELECT tenant.id, tenant.name FROM tenant JOIN tenant_member ON tenant_id = tenant.id JOIN "user" ON user_id = "user".id
     WHERE email = 'member@lab.test'`,
  )
  const grantsOf = () =>
    sql<{ name: string }>(
      `SELECT tenant.name FROM network_grant JOIN tenant ON tenant.id = tenant_id WHERE network_name = 'fleet' ORDER BY 1`,
    )
  const before = await grantsOf()
  expect(before.map(({ name }) => name)).toContain(owner?.name)
  const plugged = () =>
    sql(
      `SELECT 1 FROM vm JOIN vm_interface ON vm_id = vm.id WHERE tenant_id = $1 AND network_name = 'fleet'`,
      owner?.id,
    )
  await expect.poll(async () => (await plugged()).length, { timeout: 60_000 }).toBeGreaterThan(0)
  const page = await as('operator', '/networks?open=fleet')
  const panel = page.getByRole('dialog', { name: 'fleet' })
  await panel.getByRole('checkbox', { name: owner?.name ?? '' }).click({ force: true })
  await expect(panel.getByText('would stay plugged in', { exact: false })).toBeVisible()
  await panel.getByRole('button', { name: 'Save' }).click()
  await expect(panel.getByRole('button', { name: 'Save' })).toBeHidden()
  expect(await grantsOf()).toEqual(before.filter(({ name }) => name !== owner?.name))

  const context = await browser.newContext()
  try {
    const other = await context.newPage()
    await goAs(other, 'member', '/fleet/create')
    await expect(other.getByText('may use no network there', { exact: false })).toBeVisible()
    await expect(other.getByRole('button', { name: 'Add a card' })).toHaveAttribute('aria-disabled', 'true')
    // It comes back by itself when it is granted again.
    await panel.getByRole('checkbox', { name: owner?.name ?? '' }).click({ force: true })
    await panel.getByRole('button', { name: 'Save' }).click()
    await expect(other.getByText('may use no network there', { exact: false })).toBeHidden()
  } finally {
    await context.close()
  }
  expect(await grantsOf()).toEqual(before)
})
