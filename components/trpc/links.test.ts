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
import { trpcLinks } from './links.ts'

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
