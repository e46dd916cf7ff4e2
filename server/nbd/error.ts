export type NbdErrorCode =
  /** There is no way to the server. */
  | 'unreachable'
  /** One side does not accept the other's certificate, or one wants TLS and the other has none. */
  | 'tls'
  | 'timeout'
  | 'aborted'
  /** The connection ended; what was in flight may have been done. */
  | 'closed'
  /** The other side sent what the protocol does not allow; the connection is of no use any more. */
  | 'protocol'
  | 'no-export'
  /** The server does not want to. */
  | 'refused'
  | 'unsupported'
  | 'invalid'
  | 'read-only'
  | 'io'
  | 'no-space'
  | 'no-memory'
  | 'shutting-down'

/** Something of an NBD connection failed: `code` is what to branch on, `doing` what was being done. */
export class NbdError extends Error {
  override readonly name = 'NbdError'
  readonly code: NbdErrorCode
  readonly doing: string
  readonly #why: string

  constructor(code: NbdErrorCode, doing: string, why: string, cause?: unknown) {
    super(`Could not ${doing}: ${why}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.doing = doing
    this.#why = why
  }

  /** The same failure, told to another call that it ends. */
  for(doing: string): NbdError {
    return new NbdError(this.code, doing, this.#why, this.cause ?? this)
  }
}
