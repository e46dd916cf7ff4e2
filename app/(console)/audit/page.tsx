import type { Metadata } from 'next'
import type { SearchParams } from 'nuqs/server'
import { Hydrate, prefetch, prefetchPage, requireActor, trpc } from '#components/trpc/server.tsx'
import { AuditForbidden } from './audit-forbidden.tsx'
import { AuditPage } from './audit-page.tsx'
import { auditPageSize, auditSearch, loadAuditParams } from './audit-query.ts'

export const metadata: Metadata = { title: 'Audit' }

export default async function Page({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const actor = await requireActor()
  const readable = actor.memberships.filter(({ role }) => role === 'owner' || role === 'admin')
  if (!actor.operator && readable.length === 0) return <AuditForbidden />
  const view = await loadAuditParams(searchParams)
  prefetch(trpc.fleet.places.queryOptions())
  // Days begin where the reader is, which only the browser knows.
  if (!view.from && !view.to) {
    prefetchPage(
      trpc.audit.list.infiniteQueryOptions(
        { ...auditSearch(view), limit: auditPageSize },
        { getNextPageParam: (page) => page.next },
      ),
    )
  }
  return (
    <Hydrate>
      <AuditPage
        operator={actor.operator}
        readable={readable.map(({ tenantId, tenantName }) => ({ id: tenantId, name: tenantName }))}
      />
    </Hydrate>
  )
}
