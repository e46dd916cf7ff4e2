import { z } from 'zod'
import { demand } from '#server/auth/load.ts'
import { listStoragePools, listVolumes } from '#server/core/host.ts'
import { router, signedIn } from './trpc.ts'

export const storageRouter = router({
  /** All, or those of one host with the others that are the same storage. */
  list: signedIn.input(z.object({ hostId: z.uuid() }).optional()).query(({ ctx, input }) => {
    demand(ctx, 'storage', 'read')
    return listStoragePools(ctx.tx, input?.hostId)
  }),

  volumes: signedIn.input(z.object({ storagePoolId: z.uuid() })).query(({ ctx, input }) => {
    demand(ctx, 'storage', 'read')
    return listVolumes(ctx.tx, input.storagePoolId)
  }),
})
