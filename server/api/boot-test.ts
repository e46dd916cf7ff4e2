import { z } from 'zod'
import { type Asking, load } from '#server/auth/load.ts'
import { requestBootTest } from '#server/core/boot-test.ts'
import { sizeOfPng } from '#server/core/picture.ts'
import { BootTestInput } from '#server/schema/boot-test.ts'
import { IdempotencyKey } from '#server/schema/operation.ts'
import { asker } from './asker.ts'
import { change, costly, router, signedIn } from './trpc.ts'

type Ctx = Asking & { requestId: string }

export async function startBootTest(ctx: Ctx, input: BootTestInput, idempotencyKey: string | null) {
  await load.recoveryPoint(ctx, input.recoveryPointId, 'restore')
  const point = await ctx.tx.recoveryPoint.findUniqueOrThrow({ where: { id: input.recoveryPointId } })
  return requestBootTest(asker(ctx), point, input, idempotencyKey)
}

const pictureOf = (png: Uint8Array) => ({ base64: Buffer.from(png).toString('base64'), ...sizeOfPng(png) })

/** Proof that recovery points boot, apart from their VMs, which may be gone. */
export const bootTestRouter = router({
  /** Restores it as a throw-away VM that can meet nobody, boots it, and throws it away. */
  start: change('vm', 'restore', 'boot-test')
    .input(BootTestInput.extend({ idempotencyKey: IdempotencyKey }))
    .use(costly(5, 10))
    .mutation(async ({ ctx, input: { idempotencyKey, ...input } }) => {
      ctx.trail.detail = input
      return { operationId: (await startBootTest(ctx, input, idempotencyKey ?? null)).id }
    }),

  /** What its guest showed: for those who may look at a VM's console. */
  evidence: signedIn.input(z.object({ id: z.uuid() })).query(async ({ ctx, input }) => {
    const { serialTail, screenshot } = await load.bootTest(ctx, input.id, 'console')
    return { serialTail, screenshot: screenshot && pictureOf(screenshot) }
  }),
})
