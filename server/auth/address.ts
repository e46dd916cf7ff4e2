/**
 * Set by the web process on every request, over whatever a client sent: the address sign-in limits count and audit
 * entries name.
 */
export const addressHeader = 'x-skerry-address'

/**
 * The client's address behind `trustedProxies` proxies, each of which appends the address it was called from to
 * X-Forwarded-For. What a client writes in front of those is not believed.
 */
export function clientAddress(socketAddress: string, forwardedFor: string | undefined, trustedProxies: number): string {
  const hops = [...(forwardedFor?.split(',') ?? []), socketAddress].map((hop) => hop.trim()).filter(Boolean)
  return (hops.at(-1 - trustedProxies) ?? hops[0] ?? socketAddress).replace(/^::ffff:/, '')
}
