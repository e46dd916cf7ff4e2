import { TRPCClientError, type TRPCClientErrorLike } from '@trpc/client'
import type { AppRouter } from '#server/api/root.ts'

type Failure = TRPCClientErrorLike<AppRouter>

/** A refused or failed call as ErrorMessage shows it; `title` says what was being done. */
export const failure = (title: string, error: Failure) => ({
  title,
  message: error.message,
  ...(error.data?.skerry.wayOut ? { whatToDo: error.data.skerry.wayOut } : {}),
  ...(error.data?.skerry.requestId ? { requestId: error.data.skerry.requestId } : {}),
})

const refusals = new Set(['invalid', 'unauthenticated', 'forbidden', 'not-found', 'conflict', 'unsupported'])

/** Whether the server has answered, and would answer the same if it were asked again. */
export const isRefused = (error: Error): boolean =>
  error instanceof TRPCClientError && refusals.has((error as TRPCClientError<AppRouter>).data?.skerry.code ?? '')

export interface Reading {
  error: Failure | null
  refetch: () => unknown
  isRefetching: boolean
}

/**
 * The reading if there is nothing to show of it. What was read before stays in view while it can’t be read again, unless
 * it is gone or no longer theirs to see.
 */
export function unread(reading: Reading & { data: unknown }): (Reading & { error: Failure }) | undefined {
  const { data, error } = reading
  if (!error) return undefined
  const isRefused = ['not-found', 'forbidden', 'unauthenticated'].includes(error.data?.skerry.code ?? '')
  return data === undefined || isRefused ? { ...reading, error } : undefined
}

/** The same in place of a page or list, with a way to ask again. */
export const pageFailure = (title: string, query: Reading & { error: Failure }) => ({
  ...failure(title, query.error),
  variant: 'page' as const,
  isRetrying: query.isRefetching,
  ...(query.error.data?.skerry.code === 'forbidden' ? {} : { onRetry: () => void query.refetch() }),
})

/** What is wrong with one field of the input, if the refusal was about it. */
export function fieldError(error: Failure | null, field: string): string | undefined {
  const skerry = error?.data?.skerry
  return skerry?.fields[field] ?? (skerry?.field === field ? error?.message : undefined)
}

/** Whether the refusal is said at a field already. */
export const isFieldError = (error: Failure | null, fields: readonly string[]) =>
  fields.some((field) => fieldError(error, field) !== undefined)
