import type { Env } from '#server/env.ts'

type Settings = Pick<Env, 'SKERRY_URL' | 'PORT'>

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]']
const isLoopback = (hostname: string) => loopbackNames.includes(hostname)
/** Port 80 or 443 is left out of addresses. */
const at = (hostname: string, port: string) => `${hostname}${port ? `:${port}` : ''}`

/** Where our pages are: SKERRY_URL first, and where that is this machine, the machine's other names for itself. */
export function ownOrigins({ SKERRY_URL }: Pick<Env, 'SKERRY_URL'>): string[] {
  const url = new URL(SKERRY_URL)
  const names = isLoopback(url.hostname) ? loopbackNames.filter((name) => name !== url.hostname) : []
  return [url.origin, ...names.map((name) => `${url.protocol}//${at(name, url.port)}`)]
}

/**
 * Whether a request asked for us. A page elsewhere can give its own name our address (DNS rebinding) and would then read
 * what we answer; its requests name it as their host. What runs on this machine may say so too, at our own port.
 */
export function isOwnHost(host: string | undefined, settings: Settings): boolean {
  if (host === undefined) return false
  const own = ownOrigins(settings).map((origin) => new URL(origin).host)
  const local = loopbackNames.map((name) => at(name, String(settings.PORT)))
  return [...own, ...local].includes(host.toLowerCase())
}

/** What passkeys are bound to: a name, which an IP address is not; this machine's own is localhost. */
export function passkeyAddress({ SKERRY_URL }: Pick<Env, 'SKERRY_URL'>): { rpID: string; origin: string } {
  const url = new URL(SKERRY_URL)
  if (!isLoopback(url.hostname)) return { rpID: url.hostname, origin: url.origin }
  return { rpID: 'localhost', origin: `${url.protocol}//${at('localhost', url.port)}` }
}
