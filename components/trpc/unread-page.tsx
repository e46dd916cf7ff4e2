import { ErrorMessage } from '#components/ui/error-message.tsx'
import { pageFailure } from './failure.ts'

export interface UnreadPageProps {
  /** What the page would show, e.g. "Host" */
  noun: string
  query: Parameters<typeof pageFailure>[1]
}

/** In place of the page of one thing that could not be read. */
export function UnreadPage({ noun, query }: UnreadPageProps) {
  return (
    <>
      <h1 className="sr-only">{noun}</h1>
      <ErrorMessage {...pageFailure(`This ${noun.toLowerCase()} can’t be shown`, query)} />
    </>
  )
}
