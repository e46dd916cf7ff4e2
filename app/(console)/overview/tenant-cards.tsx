'use client'

import { useQuery } from '@tanstack/react-query'
import { QuotaMeters } from '#components/tenant/quota-meters.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { Link } from '#components/ui/link.tsx'

/** For each of the person's tenants: what it uses against what it may. */
export function TenantCards() {
  const tenants = useQuery(useTRPC().tenant.list.queryOptions())
  return (
    <>
      {tenants.data?.map(
        ({ id, name, use, quotas }) =>
          use && (
            <Card key={id} title={`Quota of ${name}`} actions={<Link href={`/tenants/${id}`}>Open</Link>}>
              <QuotaMeters use={use} quotas={quotas} />
            </Card>
          ),
      )}
    </>
  )
}
