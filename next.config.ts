import type { NextConfig } from 'next'

const secureHeaders = [
  { key: 'x-content-type-options', value: 'nosniff' },
  { key: 'x-frame-options', value: 'DENY' },
  { key: 'referrer-policy', value: 'same-origin' },
  { key: 'permissions-policy', value: 'camera=(), microphone=(), geolocation=(), payment=()' },
  { key: 'cross-origin-opener-policy', value: 'same-origin' },
  { key: 'cross-origin-resource-policy', value: 'same-origin' },
  { key: 'strict-transport-security', value: 'max-age=31536000' },
]

const config: NextConfig = {
  serverExternalPackages: ['pg', '@prisma/client', '@prisma/adapter-pg', '@dbos-inc/dbos-sdk', 'pino', 'better-auth'],
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm test` checks types on its own, once.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [{ source: '/:path*', headers: secureHeaders }],
}

export default config
