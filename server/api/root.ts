import { sessionRouter } from './session.ts'
import { createCallerFactory, router } from './trpc.ts'

/** Every procedure there is: one line a noun. */
export const appRouter = router({
  session: sessionRouter,
})

export type AppRouter = typeof appRouter
export const createCaller = createCallerFactory(appRouter)
