import { router, signedIn } from './trpc.ts'

export const sessionRouter = router({
  me: signedIn.query(({ ctx }) => ({ name: ctx.actor.name })),
})
