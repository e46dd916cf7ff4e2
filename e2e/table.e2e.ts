import { listedOn, sql } from './fleet.ts'
import { makeByHand, removeByHand } from './made-by-hand.ts'
import { expect, test } from './test.ts'

test('the fleet’s table fits a laptop; narrower, it scrolls sideways and the names stay', async ({ as }) => {
  const page = await as('operator', '/fleet')
  await page.setViewportSize({ width: 1440, height: 900 })
  const table = page.getByRole('grid', { name: 'VMs' })
  const name = table.getByRole('link', { name: 'shop-web-1' })
  await expect(name).toBeVisible()
  const sideways = () => table.evaluate((element) => element.scrollWidth - element.clientWidth)
  expect(await sideways()).toBe(0)
  await page.setViewportSize({ width: 1000, height: 900 })
  await expect.poll(sideways).toBeGreaterThan(0)
  const left = (await name.boundingBox())?.x
  await table.evaluate((element) => {
    element.scrollLeft = 200
  })
  await expect.poll(() => table.evaluate((element) => element.scrollLeft)).toBe(200)
  expect((await name.boundingBox())?.x).toBe(left)
  // A shadow tells that there is more, as long as there is.
  const hint = page.locator('[data-sideways-hint]')
  await expect(hint).toBeVisible()
  await table.evaluate((element) => {
    element.scrollLeft = element.scrollWidth
  })
  await expect(hint).toBeHidden()
})

test('it fits a laptop too where hosts are simulated, and says so of each of their VMs', async ({ as }) => {
  const page = await as('operator', '/fleet')
  await page.setViewportSize({ width: 1440, height: 900 })
  const table = page.getByRole('grid', { name: 'VMs' })
  const row = table.getByRole('row').filter({ hasText: 'bergen-camera' })
  await expect(row).toBeVisible()
  await expect(row.getByRole('img', { name: 'simulated' })).toBeHidden()
  await sql("UPDATE host SET simulated = true WHERE name = 'bergen-1'")
  try {
    await expect(row.getByRole('img', { name: 'simulated' })).toBeVisible()
    expect(await table.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0)
  } finally {
    await sql("UPDATE host SET simulated = false WHERE name = 'bergen-1'")
  }
})

test('another order is shown from its top', async ({ as }) => {
  const page = await as('operator', '/fleet')
  await page.setViewportSize({ width: 1440, height: 320 })
  const table = page.getByRole('grid', { name: 'VMs' })
  await expect(table.getByRole('link', { name: 'shop-web-1' })).toBeAttached()
  const top = () => table.evaluate((element) => element.scrollTop)
  await table.evaluate((element) => {
    element.scrollTop = 100
  })
  await expect.poll(top).toBe(100)
  await table.getByRole('button', { name: 'Memory' }).click()
  await expect.poll(top).toBe(0)
})

test('keys act on the VM they were moved to, whatever comes above it; when it is gone, on none', async ({ as }) => {
  const page = await as('operator', '/fleet')
  const table = page.getByRole('grid', { name: 'VMs' })
  const names = table.getByRole('row').getByRole('link')
  await expect(table.getByRole('link', { name: 'shop-web-1' })).toBeVisible()
  const [, second = ''] = await names.allTextContents()
  const selected = table.getByRole('row', { selected: true }).getByRole('link')
  await table.focus()
  await page.keyboard.press('ArrowDown')
  await makeByHand('aa-made-by-hand')
  try {
    await expect(names.first()).toHaveText('aa-made-by-hand')
    await page.keyboard.press('Space')
    await expect(selected).toHaveText([second])
    await page.keyboard.press('Escape')
    await page.keyboard.press('Home')
  } finally {
    await removeByHand('aa-made-by-hand')
  }
  await expect(table.getByRole('link', { name: 'aa-made-by-hand' })).toBeHidden()
  await expect(page.getByText('aa-made-by-hand is no longer here')).toBeAttached()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  await expect(selected).toHaveText([second])
})

test('the table is worked with the keyboard alone', async ({ as }) => {
  const page = await as('operator', '/fleet')
  const table = page.getByRole('grid', { name: 'VMs' })
  await expect(table.getByRole('link', { name: 'shop-web-1' })).toBeVisible()
  const names = await table.getByRole('row').getByRole('link').allTextContents()
  await table.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Space')
  const second = table.getByRole('row', { name: names[1] })
  await expect(second).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('ArrowRight')
  await expect(second.getByRole('checkbox', { name: `Select ${names[1]}` })).toBeFocused()
  // In another order another row stands in these elements: keys must not act on it.
  await table.getByRole('button', { name: 'Name' }).evaluate((heading: HTMLElement) => heading.click())
  await expect(table.getByRole('row').getByRole('link').first()).toHaveText(names.at(-1) ?? '')
  await expect(table.getByRole('row', { name: names[1] })).toHaveAttribute('aria-selected', 'true')
  await expect(table).toBeFocused()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: names.at(-1) })).toBeVisible()
})

test('the fleet’s tree opens to a host’s VMs, and narrows the table to what is chosen', async ({ as }) => {
  const page = await as('operator', '/fleet')
  const tree = page.getByRole('tree', { name: 'Fleet' })
  const [place] = await sql<{ vm: string; host: string; site: string }>(
    `SELECT vm.name AS vm, host.name AS host, site.name AS site
     FROM vm JOIN host ON host.id = vm.host_id JOIN site ON site.id = host.site_id WHERE vm.name = 'bergen-camera'`,
  )
  const node = (name: string | undefined) => tree.getByRole('treeitem', { name: new RegExp(`^${name}`) }).first()
  await node(place?.site).locator('[data-part=toggle]').click()
  await node(place?.host).locator('[data-part=toggle]').click()
  await expect(node(place?.vm)).toBeVisible()
  await node(place?.host).locator('[data-part=label]').click()
  const names = page.getByRole('grid', { name: 'VMs' }).getByRole('row').getByRole('link')
  await expect(async () => {
    const onHost = await listedOn(place?.host ?? '')
    expect((await names.allTextContents()).sort()).toEqual(onHost.sort())
  }).toPass({ timeout: 10_000 })
  await node(place?.vm).locator('[data-part=label]').click()
  await expect(page.getByRole('heading', { level: 1, name: place?.vm ?? '' })).toBeVisible()
})

test('the menu of the lowest row is all in sight; in a window too low for it, it scrolls and a shade says so', async ({
  as,
}) => {
  const page = await as('operator', '/fleet')
  const buttons = page.getByRole('grid', { name: 'VMs' }).getByRole('button', { name: /^Commands for/ })
  const open = async (width: number, height: number) => {
    await page.setViewportSize({ width, height })
    await buttons.last().click()
    await expect(page.getByRole('menu').getByText('Looking whether')).toHaveCount(0)
  }
  const first = page.getByRole('menuitem').first()
  const last = page.getByRole('menuitem').last()
  for (const [width, height] of [
    [1440, 900],
    [390, 700],
  ] as const) {
    await open(width, height)
    await expect(first).toBeInViewport({ ratio: 1 })
    await expect(last).toBeInViewport({ ratio: 1 })
    await page.keyboard.press('Escape')
  }
  await open(1440, 400)
  await expect(first).toBeInViewport({ ratio: 1 })
  await expect(last).not.toBeInViewport()
  const shade = page.locator('.scroll-shade').filter({ has: page.getByRole('menu') })
  expect(await shade.evaluate((element) => element.scrollHeight > element.clientHeight)).toBe(true)
  expect(await shade.evaluate((element) => getComputedStyle(element).backgroundAttachment)).toMatch(/^local, .*scroll$/)
  await page.keyboard.press('End')
  await expect(last).toBeInViewport({ ratio: 1 })
})
