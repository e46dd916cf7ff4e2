import { z } from 'zod'
import { demand, load } from '#server/auth/load.ts'
import { listHosts, readHost } from '#server/core/host.ts'
import { router, signedIn } from './trpc.ts'

export const hostRouter = router({
  list: signedIn.query(({ ctx }) => {
    demand(ctx, 'host', 'read')
    return listHosts(ctx.tx)
  }),

  /** A host with its capacity, what is promised of it, its storage, networks and devices. */
  get: signedIn.input(z.object({ id: z.uuid() })).query(async ({ ctx, input }) => {
    await load.host(ctx, input.id, 'read')
    return readHost(ctx.tx, input.id)
  }),
})
