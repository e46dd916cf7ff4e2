/** The closed set of what can go wrong, the same at every layer. */
export const errorCodes = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not-found',
  'conflict',
  'unsupported',
  'unavailable',
  'internal',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** What an error is made with beside its code and message. */
export interface ErrorOptions {
  wayOut?: string
  field?: string
  detail?: string
  cause?: unknown
}

/**
 * An error a person can act on. `message` says what was being done, to what, and what stood in the way; `wayOut` says
 * what to do next. Both are Skerry's own words and may be read by everybody: no path, address or URI, and nothing that a
 * hypervisor said. Those go into `detail`, which operators may read. The cause is kept for them and for the log.
 */
export class SkerryError extends Error {
  readonly code: ErrorCode
  readonly wayOut: string | undefined
  readonly detail: string | undefined
  /** The input field the error belongs to, where there is one. */
  readonly field: string | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SkerryError'
    this.code = code
    this.wayOut = options.wayOut
    this.field = options.field
    this.detail = options.detail
  }
}

/** An ending that trying again at once would not change. */
export class GivenUp extends SkerryError {}

export const invalid = (message: string, options?: ErrorOptions) => new SkerryError('invalid', message, options)
export const forbidden = (message: string, wayOut?: string) =>
  new SkerryError('forbidden', message, wayOut ? { wayOut } : {})
export const notFound = (noun: string, id: string) =>
  new SkerryError('not-found', `There is no ${noun} ${id}, or it is not yours to see.`, {
    wayOut: `Check the address, or look for the ${noun} in the fleet list.`,
  })
export const conflict = (message: string, wayOut?: string) =>
  new SkerryError('conflict', message, wayOut ? { wayOut } : {})
export const unsupported = (message: string, wayOut?: string) =>
  new SkerryError('unsupported', message, wayOut ? { wayOut } : {})
export const unavailable = (message: string, options?: ErrorOptions) => new SkerryError('unavailable', message, options)

/** What may be shown of any thrown value: our own errors as they are, everything else as internal without its text. */
export function asSkerryError(thrown: unknown): SkerryError {
  if (thrown instanceof SkerryError) return thrown
  return new SkerryError('internal', 'Something went wrong inside Skerry.', {
    cause: thrown,
    wayOut: 'Try again; if it goes on, give the request id to the operator.',
  })
}
