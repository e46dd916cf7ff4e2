import { NbdError } from '../error.ts'

/** The NbdError that a call rejects with. */
export const failure = (promise: Promise<unknown>): Promise<NbdError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => (error instanceof NbdError ? error : Promise.reject(error)),
  )

/** How a call ends: `success` or the code of its NbdError. */
export const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'success',
    (error: unknown) => (error instanceof NbdError ? error.code : error),
  )
