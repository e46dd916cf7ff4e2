import type { Metadata, Viewport } from 'next'
import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { themeAttribute, themeCookieName } from '#components/ui/theme.ts'
import { UiProvider } from '#components/ui/ui-provider.tsx'
import './globals.css'

export const metadata: Metadata = {
  title: { template: '%s · Skerry', default: 'Skerry' },
  description: 'One console for fleets of virtual machines, from the data centre to the edge',
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f9fafb' },
    { media: '(prefers-color-scheme: dark)', color: '#0e1114' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = themeAttribute((await cookies()).get(themeCookieName)?.value)
  return (
    <html lang="en" data-theme={theme}>
      <body>
        <UiProvider>{children}</UiProvider>
      </body>
    </html>
  )
}
