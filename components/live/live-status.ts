export type LiveStatus = 'live' | 'connecting' | 'lost'

/** What tRPC says of a stream's connection: a line that broke is one that connects again, with an error. */
interface Connection {
  state: 'idle' | 'connecting' | 'pending'
  error?: unknown
}

/** What becomes of the status when the connection changes: once lost it stays so until the stream is back. */
export function statusAfter(before: LiveStatus, { state, error }: Connection): LiveStatus {
  if (state === 'pending') return 'live'
  return state === 'idle' || error || before === 'lost' ? 'lost' : 'connecting'
}
