'use client'

import type { TRPCClientErrorLike } from '@trpc/client'
import { toast } from 'sonner'
import type { ErrorMessageProps } from '#components/ui/error-message.tsx'
import type { AppRouter } from '#server/api/root.ts'

export type CallError = TRPCClientErrorLike<AppRouter>

/** Says in a toast why a command given without a dialog was refused, and what to do. */
export const toastRefusal = (error: CallError) => {
  toast.error(error.message, { description: error.data?.skerry.wayOut })
}

/** What an ErrorMessage shows of a refused call. */
export function refusal(title: string, error: CallError | null): ErrorMessageProps | undefined {
  if (!error) return undefined
  const { wayOut, requestId, code } = error.data?.skerry ?? {}
  // A request id helps only where the message can't.
  return { title, message: error.message, whatToDo: wayOut, requestId: code === 'internal' ? requestId : undefined }
}
