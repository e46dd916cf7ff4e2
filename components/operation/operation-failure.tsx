import { ErrorMessage } from '#components/ui/error-message.tsx'
import type { OperationRow } from '#server/schema/operation.ts'

interface Failed extends Pick<OperationRow, 'state' | 'error'> {
  /** For operators */
  errorDetail: string | null
}

/** Why an operation failed, and the way out; nothing for one that did not. */
export function OperationFailure({ title, operation }: { title: string; operation: Failed | undefined }) {
  if (operation?.state !== 'failed') return null
  const { error, errorDetail } = operation
  return (
    <ErrorMessage
      title={title}
      message={error?.message ?? 'No reason was given.'}
      {...(errorDetail ? { detail: errorDetail } : {})}
      {...(error?.wayOut ? { whatToDo: error.wayOut } : {})}
    />
  )
}
