import type { Page } from '@playwright/test'
import { vmId, waitForGuest } from './fleet.ts'
import { focusPlace, tabStops, unmarked } from './focus-mark.ts'
import { expect, test } from './test.ts'

test.use({ contextOptions: { reducedMotion: 'reduce' } })

const takeSnapshot = /^Take (a )?snapshot/

/** Opens what a button opens, by keys alone: a pointer's focus needs no mark. */
async function openByKeys(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name }).first().focus()
  await page.keyboard.press('Enter')
}

test('Tab shows where it is, on the fleet’s page, a VM’s and in dialogs', async ({ as }) => {
  const guest = await waitForGuest('shop-web-1')
  const page = await as('operator', '/fleet')
  await expect(page.getByRole('link', { name: guest.name })).toBeVisible()
  const onFleet = await tabStops(page)
  expect(unmarked(onFleet)).toEqual([])
  expect(onFleet.map(({ name }) => name)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^button Search or jump to/), expect.stringMatching(/^combobox/)]),
  )

  await page.goto(`/vms/${await vmId(guest.name)}/snapshots`)
  await expect(page.getByRole('button', { name: takeSnapshot })).toBeVisible()
  const onVm = await tabStops(page)
  expect(unmarked(onVm)).toEqual([])
  expect(onVm.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['button Shut down…', 'button More commands', 'a Configuration']),
  )

  await openByKeys(page, takeSnapshot)
  await expect(page.getByRole('dialog')).toBeVisible()
  const inDialog = await tabStops(page)
  expect(unmarked(inDialog)).toEqual([])
  expect(inDialog.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['button Close', 'button Cancel', expect.stringMatching(/^input radio/)]),
  )

  await page.goto('/datastores')
  await openByKeys(page, 'Add datastore')
  await expect(page.getByRole('dialog')).toBeVisible()
  expect(unmarked(await tabStops(page))).toEqual([])
})

test('the arrow keys show which row, which of its controls and which command of its menu they are on', async ({
  as,
}) => {
  const page = await as('operator', '/fleet')
  const table = page.getByRole('grid', { name: 'VMs' })
  await expect(table.getByRole('link', { name: 'shop-web-1' })).toBeVisible()
  await table.focus()
  const press = async (key: string) => {
    await page.keyboard.press(key)
    return focusPlace(page)
  }
  const rows = [await press('ArrowDown'), await press('ArrowDown'), await press('ArrowDown')]
  expect(unmarked(rows)).toEqual([])
  expect(new Set(rows.map(({ name }) => name)).size).toBe(3)
  for (const { name } of rows) expect(name).toMatch(/^tr /)

  const controls = [await press('ArrowRight'), await press('ArrowRight'), await press('ArrowRight')]
  expect(unmarked(controls)).toEqual([])
  expect(controls.map(({ name }) => name.split(' ')[0])).toEqual(['input', 'a', 'button'])

  await page.keyboard.press('Escape')
  await page.keyboard.press('Shift+F10')
  await expect(page.getByRole('menuitem').first()).toBeFocused()
  const commands = [await focusPlace(page), await press('ArrowDown'), await press('ArrowDown')]
  expect(unmarked(commands)).toEqual([])
  for (const { name } of commands) expect(name).toMatch(/^menuitem /)
})

test('a choice of a few views shows which one the keys are on', async ({ as }) => {
  const page = await as('operator', '/operations')
  const choice = page.getByRole('radiogroup').first()
  await expect(choice).toBeVisible()
  const stops = await tabStops(page)
  expect(unmarked(stops)).toEqual([])
  expect(stops.map(({ name }) => name)).toEqual(expect.arrayContaining([expect.stringMatching(/^radio /)]))
})
