'use client'

import { useQuery } from '@tanstack/react-query'
import { SiteMap } from '#components/site/site-map.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { ButtonLink } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { AttentionCard } from './attention-card.tsx'
import { CapacityCard } from './capacity-card.tsx'
import { OverviewCounts } from './overview-counts.tsx'
import { TenantCards } from './tenant-cards.tsx'
import { useAttention } from './use-attention.ts'
import { VmsBySiteCard } from './vms-by-site-card.tsx'

/** Is everything all right? In one look. */
export function OverviewPage({ operator }: { operator: boolean }) {
  const trpc = useTRPC()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const attention = useAttention(operator)
  const worst = attention.items?.[0]?.look
  const count = attention.items?.length ?? 0
  return (
    <>
      <PageHeader
        title="Overview"
        state={
          attention.items &&
          (count === 0 ? (
            <StateBadge state="running" label="All is well" />
          ) : (
            <StateBadge
              state={worst === 'failed' || worst === 'off' ? worst : 'degraded'}
              label={count === 1 ? '1 thing needs attention' : `${count} things need attention`}
            />
          ))
        }
      />
      <div className="flex min-w-0 flex-col gap-4 px-4 pb-4">
        {places.error ? (
          <ErrorMessage {...pageFailure('The fleet could not be read', { ...places, error: places.error })} />
        ) : !places.data ? (
          <SkeletonRows />
        ) : places.data.sites.length === 0 ? (
          <FirstSteps operator={operator} />
        ) : (
          <>
            <OverviewCounts places={places.data} operator={operator} />
            <div className="grid min-w-0 grid-cols-1 gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(340px,2fr)]">
              <Card isFlush className="overflow-hidden">
                <SiteMap places={places.data} operator={operator} heightPx={380} />
              </Card>
              <AttentionCard {...attention} />
            </div>
            {operator ? (
              <CapacityCard places={places.data} />
            ) : (
              <div className="grid min-w-0 grid-cols-1 items-start gap-4 lg:grid-cols-2">
                <TenantCards />
                <VmsBySiteCard places={places.data} />
              </div>
            )}
          </>
        )}
      </div>
    </>
  )
}

function FirstSteps({ operator }: { operator: boolean }) {
  return (
    <Card>
      <EmptyState
        title="The fleet is empty"
        action={
          operator && (
            <>
              <ButtonLink href="/sites?create=yes" variant="primary">
                Create a site
              </ButtonLink>
              <ButtonLink href="/hosts?add=yes">Add a host</ButtonLink>
            </>
          )
        }
      >
        {operator
          ? 'Begin with a site, then add its hosts: their VMs show here by themselves.'
          : 'An operator has to add sites and hosts first.'}
      </EmptyState>
    </Card>
  )
}
