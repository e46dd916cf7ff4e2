import { SkerryError } from '#server/errors.ts'

/** Too many costly requests by one actor; told apart so that HTTP can say 429. */
export class TooMany extends SkerryError {
  readonly retryAfterSeconds: number

  constructor(retryAfterSeconds: number) {
    super('unavailable', 'You have asked for this too often in a short time.', {
      wayOut: `Try again in ${retryAfterSeconds} seconds.`,
    })
    this.retryAfterSeconds = retryAfterSeconds
  }
}

const forgetAbove = 10_000

/**
 * A token bucket for each key, in this process: `burst` at once, then `perMinute`. With several web processes each
 * counts for itself, so the true limit is as many times higher.
 */
export function createBuckets(burst: number, perMinute: number, now = () => performance.now()) {
  const buckets = new Map<string, { tokens: number; at: number }>()
  const perMs = perMinute / 60_000

  /** @throws TooMany with the seconds until the next one is free */
  return function take(key: string): void {
    const time = now()
    const bucket = buckets.get(key) ?? { tokens: burst, at: time }
    bucket.tokens = Math.min(burst, bucket.tokens + (time - bucket.at) * perMs)
    bucket.at = time
    buckets.delete(key)
    buckets.set(key, bucket)
    if (buckets.size > forgetAbove) forgetOldest()
    if (bucket.tokens < 1) throw new TooMany(Math.ceil((1 - bucket.tokens) / perMs / 1000))
    bucket.tokens -= 1
  }

  function forgetOldest() {
    const oldest = buckets.keys().next()
    if (!oldest.done) buckets.delete(oldest.value)
  }
}
