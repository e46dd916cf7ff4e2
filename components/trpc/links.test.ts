import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTRPCClient } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import superjson from 'superjson'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { AppRouter } from '#server/api/root.ts'
import { lean } from '#server/schema/wire.ts'
import { failure } from './failure.ts'
import { trpcLinks } from './links.ts'
import { isUnreachable } from './unreachable.ts'

test('how 500 VMs would move is asked in a request that Node takes', async () => {
  const t = initTRPC.create({ transformer: lean(superjson) })
  const asked = t.procedure.input(z.object({ ids: z.array(z.uuid()) })).query(({ input }) => input.ids)
  const router = t.router({ vm: t.router({ bulkMigratePlan: asked, unlike: asked }) })
  const server = createServer(createHTTPHandler({ router, allowMethodOverride: true }))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  try {
    const links = trpcLinks(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const ids = Array.from({ length: 500 }, () => randomUUID())
    const input = { ids, destinationHostId: randomUUID() }
    expect(await createTRPCClient<AppRouter>({ links }).vm.bulkMigratePlan.query(input)).toEqual(ids)
    const { vm } = createTRPCClient<typeof router>({ links })
    await expect(vm.unlike.query(input), 'which an address does not hold').rejects.toThrow()
  } finally {
    server.close()
  }
})

test('a console that is gone, or a proxy in its place, is told in words with a way out', async () => {
  const proxy = createServer((_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<p>'))
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const refused = () =>
    createTRPCClient<AppRouter>({ links: trpcLinks(url) })
      .fleet.places.query()
      .catch((error) => ({ ...failure('It could not be read', error), isUnreachable: isUnreachable(error) }))
  const told = {
    ...{ title: 'It could not be read', message: 'The console can’t be reached.' },
    whatToDo: 'Look whether it runs and your network leads to it, then try again.',
    isUnreachable: true,
  }
  expect(await refused()).toEqual(told)
  await new Promise((closed) => proxy.close(closed))
  expect(await refused()).toEqual(told)
})
