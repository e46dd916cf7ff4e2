/** Where sign-in leads: a path of this origin, or the overview for anything else, so that a link can't lead astray. */
export function nextPath(next: string | null | undefined): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next) || /[\t\r\n\\]/.test(next)) return '/'
  const base = 'http://skerry.invalid'
  const url = URL.canParse(next, base) ? new URL(next, base) : null
  if (!url || url.origin !== base || url.pathname === '/login') return '/'
  return url.pathname + url.search + url.hash
}
