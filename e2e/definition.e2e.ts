import { virsh, vmId, waitForGuest } from './fleet.ts'
import { expect, test } from './test.ts'

test('a definition that somebody else changed meanwhile is shown beside the own text, which stays', async ({ as }) => {
  test.setTimeout(180_000)
  const { name, host } = await waitForGuest('desktop-anna')
  const page = await as('operator', `/vms/${await vmId(name)}/xml`)
  await page.getByRole('button', { name: 'Edit' }).click()
  const editor = page.getByRole('textbox', { name: `Definition of ${name}` })
  const mine = (await editor.inputValue()).replace('</name>', '</name>\n  <title>mine</title>')
  await editor.fill(mine)
  await virsh(host, 'desc', name, '--config', 'theirs')
  const save = async () => {
    await page.getByRole('button', { name: 'Save…' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Change it' }).click()
  }

  await save()
  await expect(page.locator('#page').getByText(/was changed by somebody else meanwhile/)).toBeVisible({
    timeout: 30_000,
  })
  await page.getByRole('button', { name: 'Read it again and keep my text' }).click()
  const changes = page.getByRole('region', { name: 'lines that were changed' })
  await expect(changes).toHaveText(/^\+ +<description>theirs<\/description>\s*$/)
  const newer = page.getByRole('region', { name: 'The newer definition', exact: true })
  await expect(newer).toContainText('theirs')
  await expect(newer).not.toContainText('mine')
  await expect(editor).toHaveValue(mine)

  await editor.fill(mine.replace('</title>', '</title>\n  <description>theirs</description>'))
  await save()
  await expect(editor).toBeHidden({ timeout: 30_000 })
  const defined = await virsh(host, 'dumpxml', name, '--inactive')
  expect(defined).toContain('<title>mine</title>')
  expect(defined).toContain('<description>theirs</description>')
})
