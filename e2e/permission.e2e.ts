import type { Locator } from '@playwright/test'
import { sql, virsh, vmId, waitForGuest } from './fleet.ts'
import { expect, test } from './test.ts'

test('a viewer sees the VMs of the tenant alone, and why nothing can be changed', async ({ as }) => {
  const page = await as('viewer', '/fleet')
  await expect(page.getByText('shop-app-2', { exact: true }).first()).toBeVisible()
  await expect(page.getByText('desktop-cleo', { exact: true })).toBeHidden()
  await page.goto(`/vms/${await vmId('shop-app-2')}`)
  const start = page.getByRole('button', { name: /^(Start|Shut down)/ }).first()
  await expect(start).toHaveAttribute('aria-disabled', 'true')
})

test('a viewer finds what makes or changes VMs off, with the reason, before any question is asked', async ({ as }) => {
  const page = await as('viewer', '/fleet')
  const name = 'shop-app-2'
  // What is hovered by a pointer that has never moved shows no hint.
  await page.mouse.move(1, 1)
  const isOff = async (button: Locator) => {
    await expect(button).toHaveAttribute('aria-disabled', 'true')
    await button.hover()
    await expect(button).toHaveAccessibleDescription(/^Your role in .* is viewer\. You need the role member to/)
  }
  await isOff(page.getByRole('button', { name: 'Create VM' }))
  await expect(page.getByRole('link', { name: 'Create VM' })).toBeHidden()
  const row = page.getByRole('grid', { name: 'VMs' }).getByRole('row').filter({ hasText: name })
  await row.getByRole('checkbox').click()
  const selected = page.getByRole('region', { name: 'Selected rows' })
  for (const label of ['Start', 'Shut down…', 'Force off…', 'Snapshot…', 'Tags…']) {
    await isOff(selected.getByRole('button', { name: label, exact: true }))
  }
  await page.keyboard.press('Escape')
  await row.getByRole('button', { name: `Commands for ${name}` }).click()
  const menu = page.getByRole('menu')
  await expect(menu.getByRole('menuitem', { name: 'Delete…' })).toHaveAttribute('aria-disabled', 'true')
  await expect(page.getByText(/^Your role in .* is viewer\./)).toHaveCount(1)
})

test('a member is offered what a member may do', async ({ as }) => {
  const page = await as('member', '/vms')
  await expect(page).toHaveURL(/\/fleet$/)
  await expect(page.getByRole('link', { name: 'Create VM' })).toBeVisible()
  const row = page.getByRole('grid', { name: 'VMs' }).getByRole('row').filter({ hasText: 'shop-app-2' })
  await row.getByRole('checkbox').click()
  const selected = page.getByRole('region', { name: 'Selected rows' })
  for (const label of ['Start', 'Shut down…', 'Force off…', 'Snapshot…', 'Tags…']) {
    const button = selected.getByRole('button', { name: label, exact: true })
    await expect(button).toBeVisible()
    await expect(button).not.toHaveAttribute('aria-disabled', 'true')
  }
})

test('a VM of another tenant is not there for them, and asking for it changes nothing', async ({ as }) => {
  const page = await as('owner', `/vms/${await vmId('desktop-cleo')}`)
  await expect(page.getByText(/There is no VM|can’t be shown/).first()).toBeVisible()
  const answer = await page.evaluate(
    async (id) => {
      const response = await fetch('/api/trpc/vm.power', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ json: { id, action: 'force-off' } }),
      })
      return response.status
    },
    await vmId('desktop-cleo'),
  )
  expect(answer).toBe(404)
  expect(await sql("SELECT 1 FROM operation WHERE target_name = 'desktop-cleo'")).toEqual([])
})

test('a member suspends and resumes what is the tenant’s, and it stands in the audit', async ({ as }) => {
  const { host } = await waitForGuest('shop-app-2')
  const state = () => virsh(host, 'domstate', 'shop-app-2')
  const page = await as('member', `/vms/${await vmId('shop-app-2')}`)
  await page.getByRole('button', { name: /^More/ }).first().click()
  await page.getByRole('menuitem', { name: 'Suspend' }).click()
  await expect.poll(state, { timeout: 20_000 }).toBe('paused')
  await expect(page.getByText('Paused', { exact: true }).first()).toBeVisible({ timeout: 20_000 })
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect.poll(state, { timeout: 20_000 }).toBe('running')
  await expect(page.getByText('Running', { exact: true }).first()).toBeVisible({ timeout: 20_000 })
  const entries = await sql<{ action: string; outcome: string }>(
    "SELECT action, outcome FROM audit_entry WHERE resource_name = 'shop-app-2' AND action = 'vm.power' ORDER BY sequence",
  )
  expect(entries).toEqual([
    { action: 'vm.power', outcome: 'succeeded' },
    { action: 'vm.power', outcome: 'succeeded' },
  ])
  expect(await sql('SELECT * FROM audit_check()')).toEqual([])
})
