import 'server-only'
import {
  dehydrate,
  type FetchInfiniteQueryOptions,
  type FetchQueryOptions,
  HydrationBoundary,
  type QueryKey,
} from '@tanstack/react-query'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache, type ReactNode } from 'react'
import { createContext } from '#server/api/context.ts'
import { appRouter } from '#server/api/root.ts'
import { services } from '#server/api/services.ts'
import type { Actor } from '#server/auth/actor.ts'
import { pathHeader } from '#server/schema/http.ts'
import { PageArrival } from './page-arrival.tsx'
import { makeQueryClient } from './query-client.ts'

const requestContext = cache(async () => createContext(services(), await headers()))
const requestQueryClient = cache(makeQueryClient)

/** The procedures as query options, answered in this process within the same request and permission. */
export const trpc = createTRPCOptionsProxy({ ctx: requestContext, router: appRouter, queryClient: requestQueryClient })

/** Who is signed in, or null. */
export const currentActor = async (): Promise<Actor | null> => (await requestContext()).actor

/** Who is signed in; whoever is not is sent to sign in and comes back here. */
export async function requireActor(): Promise<Actor> {
  const { actor } = await requestContext()
  if (actor) return actor
  const path = (await headers()).get(pathHeader) ?? '/'
  redirect(`/login?next=${encodeURIComponent(path)}`)
}

/** What is being read ahead for this request. */
const readings = cache((): Promise<void>[] => [])

/** Reads ahead for the page below, which then needs no round trip of its own. A failure shows where it is used. */
export function prefetch<Data, Err, Result, Key extends QueryKey>(
  options: FetchQueryOptions<Data, Err, Result, Key>,
): void {
  readings().push(requestQueryClient().prefetchQuery(options))
}

/** The same for the first page of a list that is read page by page. */
export function prefetchPage<Data, Err, Result, Key extends QueryKey, Param>(
  options: FetchInfiniteQueryOptions<Data, Err, Result, Key, Param>,
): void {
  readings().push(requestQueryClient().prefetchInfiniteQuery(options))
}

/**
 * Hands what was read ahead to the client components below. Waits for it: were it to arrive between the server's
 * rendering and the browser's, the two would differ.
 */
export async function Hydrate({ children }: { children: ReactNode }) {
  await Promise.all(readings())
  return (
    <HydrationBoundary state={dehydrate(requestQueryClient())}>
      {children}
      <PageArrival />
    </HydrationBoundary>
  )
}
