import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { nextPath } from '#components/auth/next-path.ts'
import { TrpcProvider } from '#components/trpc/client.tsx'
import { currentActor, Hydrate, prefetch, trpc } from '#components/trpc/server.tsx'
import { LoginPage } from './login-page.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}) {
  const { next, error } = await searchParams
  const path = nextPath(typeof next === 'string' ? next : null)
  if (await currentActor()) redirect(path)
  prefetch(trpc.session.options.queryOptions())
  return (
    <TrpcProvider>
      <Hydrate>
        <LoginPage next={path} signOnError={typeof error === 'string' ? error : null} />
      </Hydrate>
    </TrpcProvider>
  )
}
