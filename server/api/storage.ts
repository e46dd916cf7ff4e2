import { z } from 'zod'
import { demand } from '#server/auth/load.ts'
import { listStoragePools, listVolumes } from '#server/core/host.ts'
import { router, signedIn } from './trpc.ts'

export const storageRouter = router({
  list: signedIn.query(({ ctx }) => {
    demand(ctx, 'storage', 'read')
    return listStoragePools(ctx.tx)
  }),

  volumes: signedIn.input(z.object({ storagePoolId: z.uuid() })).query(({ ctx, input }) => {
    demand(ctx, 'storage', 'read')
    return listVolumes(ctx.tx, input.storagePoolId)
  }),
})
