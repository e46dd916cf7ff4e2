import { expect, test } from '../test.ts'

test('why a bucket can’t be used is in sight on a phone too, below the long form of what was tried', async ({ as }) => {
  const page = await as('operator')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/datastores?add=yes')
  const add = page.getByRole('dialog', { name: 'Add a datastore' })
  await add.getByLabel('Name').fill('Nowhere')
  await add.getByText('S3', { exact: true }).click()
  await add.getByRole('textbox', { name: 'Address' }).fill('http://127.0.0.1:1')
  await add.getByRole('textbox', { name: 'Bucket' }).fill('backups')
  await add.getByLabel('Access key id').fill('somebody')
  await add.getByLabel('Secret').fill('of-nobody')
  const why = add.getByRole('alert').getByText('does not answer: could not open it.')
  await add.getByRole('button', { name: 'Test it' }).click()
  await expect(why).toBeInViewport({ timeout: 30_000 })
  await expect(add.getByRole('alert')).toContainText('ECONNREFUSED')
  // What was found out about something else says nothing of this.
  await add.getByRole('textbox', { name: 'Bucket' }).fill('others')
  await expect(why).toHaveCount(0)
})
