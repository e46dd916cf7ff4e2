import type { NextConfig } from 'next'

const config: NextConfig = {
  serverExternalPackages: ['pg', '@prisma/client', '@prisma/adapter-pg', '@dbos-inc/dbos-sdk', 'pino'],
  poweredByHeader: false,
  reactStrictMode: true,
  typescript: { ignoreBuildErrors: true },
}

export default config
