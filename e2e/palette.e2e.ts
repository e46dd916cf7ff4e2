import { axeFindings } from './axe.ts'
import { virsh, vmId, waitForGuest } from './fleet.ts'
import { expect, test } from './test.ts'

test('the palette gives a command to a VM by its name, opens any page, and says when it can’t search', async ({
  as,
}) => {
  const guest = await waitForGuest('desktop-anna')
  const state = () => virsh(guest.host, 'domstate', guest.name)
  const page = await as('operator', '/sites')
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  const input = palette.getByRole('combobox')
  const type = async (text: string) => {
    await page.getByRole('button', { name: 'Search or jump to…' }).click()
    await input.fill(text)
  }
  await type(`suspend ${guest.name}`)
  await expect(palette.getByRole('option', { name: `Suspend ${guest.name}` })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect.poll(state, { timeout: 20_000 }).toBe('paused')

  // A dialog that a command asks with stays when the palette goes.
  await type(`${guest.name} snapshot`)
  await palette.getByRole('option', { name: `Take snapshot ${guest.name}…` }).click()
  await page
    .getByRole('dialog', { name: `Take a snapshot of ${guest.name}` })
    .getByRole('button', { name: 'Cancel' })
    .click()
  await expect(page.getByRole('button', { name: 'Search or jump to…' })).toBeFocused()

  await type(`resume ${guest.name}`)
  await palette.getByRole('option', { name: `Resume ${guest.name}` }).click()
  await expect.poll(state, { timeout: 20_000 }).toBe('running')

  // What can't be done now says why, and is not done.
  await type(`start ${guest.name}`)
  await expect(palette.getByRole('option', { name: /^Start.*It is running already/ })).toHaveAttribute(
    'aria-disabled',
    'true',
  )
  expect(await axeFindings(page)).toEqual([])
  await page.keyboard.press('Escape')

  await type('settings security')
  await palette.getByRole('option', { name: /Settings › Security/ }).click()
  await expect(page).toHaveURL(/\/settings\/security$/)

  await page.route(/fleet\.search/, (route) => route.abort())
  await type('shop-web')
  await expect(palette.getByText('The search failed')).toBeVisible()
  await expect(palette.getByText(/Nothing is called/)).toBeHidden()
  await page.unroute(/fleet\.search/)
  await palette.getByRole('button', { name: 'Try again' }).click()
  await expect(palette.getByRole('option', { name: /^shop-web-1/ })).toBeVisible()
})

test('Enter gives no command to a VM that nobody has named', async ({ as }) => {
  const guest = await waitForGuest('desktop-anna')
  const page = await as('operator', '/fleet')
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  const input = palette.getByRole('combobox')
  const suspend = palette.getByRole('option', { name: `Suspend ${guest.name}` })
  const chosen = palette.getByRole('option', { selected: true })
  let given = 0
  page.on('request', (request) => {
    if (request.url().includes('vm.power')) given++
  })

  // Its name only begins so: Enter does nothing until it is gone to.
  const filter = page.getByRole('combobox', { name: 'Filter VMs' })
  await filter.focus()
  await page.keyboard.press('Control+k')
  await input.fill(`suspend ${guest.name.slice(0, -1)}`)
  await expect(suspend).toBeVisible()
  await expect(chosen).toBeHidden()
  await page.keyboard.press('Enter')
  await expect(suspend).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await expect(suspend).toHaveAttribute('aria-selected', 'true')

  // What was found for another text is not what Enter does while this one is still looked for.
  await input.fill(`suspend ${guest.name}`)
  await expect(suspend).toHaveAttribute('aria-selected', 'true')
  let answer = () => {}
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route(/fleet\.search/, async (route) => {
    await held
    await route.continue()
  })
  await input.fill('suspend shop-web-1')
  await page.keyboard.press('Enter')
  await expect(suspend).toBeHidden()
  await expect(chosen).toBeHidden()
  answer()
  await expect(palette.getByRole('option', { name: 'Suspend shop-web-1' })).toHaveAttribute('aria-selected', 'true')
  await page.unroute(/fleet\.search/)

  // The keyboard is where it was before.
  await page.keyboard.press('Escape')
  await expect(filter).toBeFocused()

  // On its own page it is meant once something was typed.
  await page.goto(`/vms/${await vmId(guest.name)}`)
  await page.getByRole('button', { name: 'Search or jump to…' }).click()
  await expect(suspend).toBeVisible()
  await expect(chosen).toBeHidden()
  await page.keyboard.press('Enter')
  await expect(suspend).toBeVisible()
  await input.fill('suspend')
  await expect(suspend).toHaveAttribute('aria-selected', 'true')
  expect(given).toBe(0)
  expect(await virsh(guest.host, 'domstate', guest.name)).toBe('running')
})

test('a viewer is offered no command that they may not give', async ({ as }) => {
  const page = await as('viewer', '/sites')
  await page.getByRole('button', { name: 'Search or jump to…' }).click()
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  await palette.getByRole('combobox').fill('shop-app-2')
  await expect(palette.getByRole('option', { name: /^shop-app-2/ })).toBeVisible()
  await palette.getByRole('combobox').fill('reboot shop-app-2')
  await expect(palette.getByRole('option', { name: /^Reboot.*You need the role member/ })).toHaveAttribute(
    'aria-disabled',
    'true',
  )
  await palette.getByRole('combobox').fill('add host')
  await expect(palette.getByText('Nothing is called “add host”')).toBeVisible()
})

test('its shortcut is called as on the keyboard: Ctrl K, on Apple’s ⌘K', async ({ as, page }) => {
  const opener = page.getByRole('button', { name: 'Search or jump to…' })
  for (const [platform, shortcut] of [
    ['Linux x86_64', 'Ctrl K'],
    ['Win32', 'Ctrl K'],
    ['MacIntel', '⌘K'],
  ] as const) {
    await page.addInitScript(
      (value) => Object.defineProperty(navigator, 'platform', { value, configurable: true }),
      platform,
    )
    await as('operator', '/sites')
    await expect(opener).toContainText(shortcut)
  }
})
