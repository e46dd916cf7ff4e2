/**
 * Whether a browser sent this from our own pages. A page elsewhere can make a browser send our cookie, but can't choose
 * its Origin header. `strict` also refuses requests that don't say where they come from.
 */
export function isSameOrigin(headers: Headers, skerryUrl: string, strict: boolean): boolean {
  const origin = headers.get('origin')
  if (origin) return origin === new URL(skerryUrl).origin || hostOf(origin) === headers.get('host')
  const site = headers.get('sec-fetch-site')
  if (site) return site === 'same-origin'
  return !strict
}

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).host : undefined)
