import { describe, expect, test } from 'vitest'
import { unread } from './failure.ts'

type Failure = NonNullable<Parameters<typeof unread>[0]['error']>

const error = (code?: string) =>
  ({ message: 'It went wrong', ...(code ? { data: { skerry: { code } } } : {}) }) as unknown as Failure
const reading = (data: unknown, failure: Failure | null) => ({
  ...{ data, error: failure, isRefetching: false },
  refetch: () => undefined,
})

describe('what there is nothing to show of', () => {
  test('is what was never read', () => {
    const broken = error('internal')
    expect(unread(reading(undefined, broken))).toMatchObject({ error: broken })
    expect(unread(reading(undefined, null))).toBeUndefined()
  })

  test('is not what was read before, while the line is lost or the server can’t', () => {
    expect(unread(reading('rows', error()))).toBeUndefined()
    expect(unread(reading('rows', error('unavailable')))).toBeUndefined()
    expect(unread(reading('rows', null))).toBeUndefined()
  })

  test.each(['not-found', 'forbidden', 'unauthenticated'])('is what they were refused since: %s', (code) => {
    expect(unread(reading('rows', error(code)))).toBeDefined()
  })
})
