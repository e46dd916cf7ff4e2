'use client'

import { ErrorMessage } from '#components/ui/error-message.tsx'

/** When a page of the console failed: the rest of the console stays. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <>
      <h1 className="sr-only">Error</h1>
      <ErrorMessage
        variant="page"
        title="This page could not be shown"
        message={error.message || 'Something went wrong inside Skerry.'}
        whatToDo="Try again; if it goes on, give the number to the operator."
        {...(error.digest ? { requestId: error.digest } : {})}
        onRetry={reset}
      />
    </>
  )
}
