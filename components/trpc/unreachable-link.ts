import { TRPCClientError, type TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { AppRouter } from '#server/api/root.ts'
import { unreachable } from './unreachable.ts'

/** Every refusal of the console has its words and its way out; this gives them to calls that never got there. */
export const unreachableLink: TRPCLink<AppRouter> =
  () =>
  ({ next, op }) =>
    observable((observer) =>
      next(op).subscribe({
        next: (value) => observer.next(value),
        complete: () => observer.complete(),
        error: (error) => observer.error(error.shape || op.signal?.aborted ? error : asUnreachable(error)),
      }),
    )

type ErrorData = NonNullable<TRPCClientError<AppRouter>['data']>['skerry']

function asUnreachable(error: TRPCClientError<AppRouter>) {
  const skerry: ErrorData = {
    ...{ code: 'unavailable', wayOut: unreachable.wayOut },
    ...{ field: undefined, fields: {}, requestId: undefined },
  }
  const shape = { code: -32603, message: unreachable.message, data: { skerry } } as const
  return TRPCClientError.from<AppRouter>({ error: shape }, { cause: error })
}
