import { createTRPCClient, httpBatchLink } from '@trpc/client'
import superjson from 'superjson'
import type { AppRouter } from '#server/api/root.ts'
import { given, virsh, vmId, waitForGuest } from './fleet.ts'
import { expect, test } from './test.ts'

const skerry = (key: string) =>
  createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({ url: `${given('SKERRY_URL')}/api/trpc`, transformer: superjson, headers: { 'x-api-key': key } }),
    ],
  })

test('a script suspends and resumes a VM with an API key, by tRPC and by plain HTTP', async ({ as }) => {
  const page = await as('operator', '/settings/api-keys')
  await page
    .getByRole('button', { name: /create/i })
    .first()
    .click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('end-to-end')
  await dialog.getByRole('button', { name: /create/i }).click()
  const key = await page
    .getByText(/^sk_\S+$/)
    .first()
    .innerText()

  const id = await vmId('desktop-anna')
  await waitForGuest('desktop-anna')
  const { operationId } = await skerry(key).vm.power.mutate({ id, action: 'suspend' })
  await expect.poll(() => virsh('frankfurt-1', 'domstate', 'desktop-anna')).toBe('paused')
  await expect.poll(async () => (await skerry(key).operation.get.query({ id: operationId })).state).toBe('succeeded')

  const answer = await fetch(`${given('SKERRY_URL')}/api/trpc/vm.power`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ json: { id, action: 'resume' } }),
  })
  expect(answer.status).toBe(200)
  await expect.poll(() => virsh('frankfurt-1', 'domstate', 'desktop-anna')).toBe('running')
})

test('a key that is not known is refused', async () => {
  await expect(skerry('sk_not_a_key').session.me.query()).rejects.toThrow()
})
