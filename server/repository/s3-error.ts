import { SkerryError, unavailable } from '#server/errors.ts'

interface Said {
  readonly name: string
  readonly status: number | undefined
}

function said(error: unknown): Said {
  if (!(error instanceof Error)) return { name: '', status: undefined }
  const metadata = '$metadata' in error && typeof error.$metadata === 'object' ? error.$metadata : undefined
  const status = metadata && 'httpStatusCode' in metadata ? Number(metadata.httpStatusCode) : undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return { name: error.name === 'Error' || error.name === 'AggregateError' ? code : error.name, status }
}

export const isNoSuchKey = (error: unknown) => said(error).name === 'NoSuchKey'
/** The version was deleted, for good. */
export const isNoSuchVersion = (error: unknown) => said(error).name === 'NoSuchVersion'
export const isRefused = (error: unknown) => said(error).status === 403
/** The store understood, and said no. */
export const wasDeclined = (error: unknown) => {
  const { status } = said(error)
  return status === 501 || (status !== undefined && status >= 400 && status < 500)
}
export const isEmptyRange = (error: unknown) => said(error).name === 'InvalidRange' || said(error).status === 416
/** The store said something, if only a number. */
export const wasAnswered = (error: unknown) => said(error).status !== undefined
/** The connection ended in the middle of an answer. */
export const wasCutOff = (error: unknown) =>
  ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(said(error).name) ||
  (error instanceof Error && /aborted|terminated|premature/i.test(error.message))

type Way = readonly [names: readonly string[], message: (store: string, step: string) => string, wayOut: string]

const certificateErrors = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]

const ways: readonly Way[] = [
  [
    ['NoSuchBucket'],
    (store, step) => `The ${store} is not there (no such bucket): could not ${step}.`,
    'Make the bucket, or correct its name.',
  ],
  [
    ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'ExpiredToken'],
    (store, step) => `The access key or its secret is wrong for the ${store}: could not ${step}.`,
    'Enter the key and its secret again.',
  ],
  [
    ['RequestTimeTooSkewed'],
    (store, step) => `The clocks of this worker and of the ${store} are too far apart: could not ${step}.`,
    'Set the clock of the worker’s machine, best by NTP.',
  ],
  [
    ['QuotaExceeded', 'InsufficientCapacity', 'XMinioStorageFull', 'InsufficientStorage', 'EntityTooLarge'],
    (store, step) => `The ${store} is full: could not ${step}.`,
    'Raise its quota; what was stored before is whole. Then remove recovery points and collect, to stay below it.',
  ],
  [
    certificateErrors,
    (store, step) => `The certificate of the ${store} is not trusted: could not ${step}.`,
    'Give the certificate of who signed it, or correct the address.',
  ],
  [
    ['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER'],
    (store, step) => `The ${store} does not speak TLS as it should: could not ${step}.`,
    'Check whether its address begins with http or https, and the port.',
  ],
  [
    ['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'],
    (store, step) => `The ${store} is in another region or at another address: could not ${step}.`,
    'Correct the region and the address.',
  ],
  [
    ['AccessDenied', 'Forbidden', 'AllAccessDisabled'],
    (store, step) => `The access key may not do this in the ${store}: could not ${step}.`,
    'Give it the right to list, read, write and delete objects there.',
  ],
  [
    ['SlowDown', 'ServiceUnavailable', 'TooManyRequestsException', 'InternalError', 'BadGateway', 'GatewayTimeout'],
    (store, step) => `The ${store} fails or is too busy, again and again: could not ${step}.`,
    'Wait until it is well; the next run goes on with what is stored already.',
  ],
  [
    [
      'TimeoutError',
      'ECONNREFUSED',
      'ECONNRESET',
      'ENOTFOUND',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ETIMEDOUT',
      'EAI_AGAIN',
      'EPIPE',
      'aborted',
    ],
    (store, step) => `The ${store} does not answer: could not ${step}.`,
    'Check its address, the network in between, and that it runs.',
  ],
]

const nameByStatus: Record<number, string> = {
  401: 'InvalidAccessKeyId',
  403: 'AccessDenied',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
  507: 'InsufficientStorage',
}

/** A bucket as errors speak of it: by its name to everybody, by its address to operators. */
export interface BucketPlace {
  readonly name: string
  readonly address: string
}

/**
 * What the object store said, as an error that a person can act on. Its secret is in none of it; the object's key is for
 * operators.
 */
export function asS3Error(error: unknown, { name: store, address }: BucketPlace, step: string, key = ''): SkerryError {
  if (error instanceof SkerryError) return error
  const detail = key ? `${address}: ${key}` : address
  const { name, status } = said(error)
  const byStatus = status === undefined ? undefined : nameByStatus[status]
  const way =
    ways.find(([names]) => names.includes(name)) ??
    ways.find(([names]) => byStatus && names.includes(byStatus)) ??
    (wasCutOff(error) ? ways.find(([names]) => names.includes('aborted')) : undefined)
  if (way) return unavailable(way[1](store, step), { wayOut: way[2], detail, cause: error })
  return unavailable(`The ${store} failed${name ? ` (${name})` : ''}: could not ${step}.`, {
    wayOut: 'Look at the log of the object store, then try again.',
    detail,
    cause: error,
  })
}
