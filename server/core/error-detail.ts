import { SkerryError } from '#server/errors.ts'

const longest = 4_000

/** What the S3 client calls an answer without a body. */
const wordless = 'UnknownError'

const secrets: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [^-]*PRIVATE KEY-----[\s\S]*?(-----END [^-]*-----|$)/g, '•••'],
  [/(\b(?:passwd|password|passphrase|secret|token)\b["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;]+)/gi, '$1•••'],
  [/(\w:\/\/[^\s/:@]*):[^\s/@]+@/g, '$1:•••@'],
]

/** What stands in a text without being anybody's to read: keys, passwords, also those in an address. */
export const withoutSecrets = (text: string): string =>
  secrets.reduce((left, [pattern, instead]) => left.replace(pattern, instead), text)

/**
 * All that is known of an error and is for operators alone, from the outside in: paths, addresses, what the hypervisor or
 * the database said. Null when its message says everything.
 */
export function operatorDetail(thrown: unknown): string | null {
  const message = thrown instanceof SkerryError ? thrown.message : ''
  const said: string[] = []
  const say = (text: string | undefined) => {
    const line = text?.trim()
    if (line && line !== wordless && ![message, ...said].some((earlier) => earlier.includes(line))) said.push(line)
  }
  for (let at = thrown; at !== undefined && at !== null; at = at instanceof Error ? at.cause : undefined) {
    if (at instanceof SkerryError) {
      if (at !== thrown) say(at.message)
      say(at.detail)
    } else say(at instanceof Error ? at.message : String(at))
  }
  return said.length === 0 ? null : withoutSecrets(said.join('\n')).slice(0, longest)
}
