import { axeFindings } from './axe.ts'
import { virsh, waitForGuest } from './fleet.ts'
import { expect, test } from './test.ts'

test('the palette gives a command to a VM by its name, opens any page, and says when it can’t search', async ({
  as,
}) => {
  const guest = await waitForGuest('bergen-camera')
  const state = () => virsh(guest.host, 'domstate', guest.name)
  const page = await as('operator', '/sites')
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  const input = palette.getByRole('combobox')
  const type = async (text: string) => {
    await page.getByRole('button', { name: 'Search or jump to…' }).click()
    await input.fill(text)
  }
  await type(`suspend ${guest.name}`)
  await expect(palette.getByRole('option', { name: 'Suspend' })).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect.poll(state, { timeout: 20_000 }).toBe('paused')

  // A dialog that a command asks with stays when the palette goes.
  await type(`${guest.name} snapshot`)
  await palette.getByRole('option', { name: 'Take snapshot…' }).click()
  await page
    .getByRole('dialog', { name: `Take a snapshot of ${guest.name}` })
    .getByRole('button', { name: 'Cancel' })
    .click()

  await type(`resume ${guest.name}`)
  await palette.getByRole('option', { name: 'Resume' }).click()
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

test('a viewer is offered no command that they may not give', async ({ as }) => {
  const page = await as('viewer', '/sites')
  await page.getByRole('button', { name: 'Search or jump to…' }).click()
  const palette = page.getByRole('dialog', { name: 'Command palette' })
  await palette.getByRole('combobox').fill('shop-web-2')
  await expect(palette.getByRole('option', { name: /^shop-web-2/ })).toBeVisible()
  await palette.getByRole('combobox').fill('reboot shop-web-2')
  await expect(palette.getByRole('option', { name: /^Reboot.*needs member/ })).toHaveAttribute('aria-disabled', 'true')
  await palette.getByRole('combobox').fill('add host')
  await expect(palette.getByText('Nothing is called “add host”')).toBeVisible()
})
