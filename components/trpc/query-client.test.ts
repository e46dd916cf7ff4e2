import { TRPCClientError } from '@trpc/client'
import { expect, test } from 'vitest'
import { makeQueryClient } from './query-client.ts'

async function timesAsked(error: Error): Promise<number> {
  const client = makeQueryClient()
  let times = 0
  const queryFn = () => {
    times += 1
    throw error
  }
  // fetchQuery tries nothing again unless it is told to, as useQuery is by these.
  const { retry } = client.getDefaultOptions().queries ?? {}
  await expect(client.fetchQuery({ queryKey: ['x'], queryFn, retry, retryDelay: 0 })).rejects.toBe(error)
  return times
}

const answered = (code: string) =>
  new TRPCClientError(code, { result: { error: { code: -32603, message: code, data: { skerry: { code } } } } })

test.each(['forbidden', 'not-found', 'unauthenticated', 'invalid'])(
  '%s is an answer and not asked again',
  async (code) => {
    expect(await timesAsked(answered(code))).toBe(1)
  },
)

test.each([answered('unavailable'), answered('internal'), new Error('Failed to fetch')])(
  '%s is asked once more',
  async (error) => {
    expect(await timesAsked(error)).toBe(2)
  },
)
