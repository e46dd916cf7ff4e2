import { authErrorText } from '#components/auth/auth-client.ts'

interface Refused {
  code?: string | undefined
  message?: string | undefined
  status: number
}

/** What refusals that a person can do something about say in our words. */
const wordsOf: Record<string, string> = {
  SESSION_NOT_FRESH: 'You signed in more than a day ago. Sign out and in again, then this works.',
  INVALID_PASSWORD: 'The password is not right.',
  INVALID_CODE: 'The code is not right. Codes change every 30 seconds: try the one that shows now.',
}

/** What the auth client answers. @throws Error saying in a sentence why it was refused */
export async function answered<Data>(
  call: Promise<{ data: Data; error: null } | { data: null; error: Refused }>,
): Promise<Data> {
  const { data, error } = await call
  if (error) throw new Error(wordsOf[error.code ?? ''] ?? authErrorText(error))
  return data as Data
}
