'use client'

import { useQuery } from '@tanstack/react-query'
import { Boxes, Pencil, Plus, Trash2 } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import { DeleteSiteDialog } from '#components/site/delete-site-dialog.tsx'
import { SiteFormDialog } from '#components/site/site-form.tsx'
import { siteKindWord, siteLook } from '#components/site/site-state.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { unread } from '#components/trpc/failure.ts'
import { UnreadPage } from '#components/trpc/unread-page.tsx'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatCount, formatCounted } from '#components/ui/format.ts'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { usePageTitle } from '#components/ui/use-page-title.ts'
import { SiteCapacityCard } from './site-capacity-card.tsx'
import { SiteHostsCard } from './site-hosts-card.tsx'
import { SiteLinksCard } from './site-links-card.tsx'

/** One place: its hosts, its VMs, its links to the others. */
export function SitePage({ id, operator }: { id: string; operator: boolean }) {
  const trpc = useTRPC()
  const router = useRouter()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const [asked, setAsked] = useState<'edit' | 'delete' | null>(null)
  const site = places.data?.sites.find((each) => each.id === id)
  usePageTitle(site?.name)
  const failed = unread(places)
  if (failed) return <UnreadPage noun="Site" query={failed} />
  if (!places.data) return <SkeletonRows rows={8} />
  if (!site) {
    return (
      <>
        <h1 className="sr-only">Site</h1>
        <EmptyState title="There is no such site" action={<ButtonLink href="/sites">See all sites</ButtonLink>}>
          It may have been deleted.
        </EmptyState>
      </>
    )
  }
  const { look, word } = siteLook(site, operator)
  const fleetHref = `/fleet?filter=${encodeURIComponent(`site:"${site.name}"`)}`
  return (
    <>
      <PageHeader
        title={site.name}
        state={
          <>
            <StateBadge state={look} label={word} />
            {site.simulated && <SimulatedBadge />}
          </>
        }
        meta={
          <>
            <span>{siteKindWord[site.kind]}</span>
            {site.place && site.place !== site.name && <span>{site.place}</span>}
            <span className="font-mono">
              {site.latitude.toFixed(4)}, {site.longitude.toFixed(4)}
            </span>
          </>
        }
        actions={
          <>
            <ButtonLink href={fleetHref} icon={<Boxes size={14} aria-hidden="true" />}>
              {formatCounted(site.count.vms, 'VM')}, {formatCount(site.count.running)} running
            </ButtonLink>
            {operator && (
              <>
                <Button icon={<Pencil size={13} aria-hidden="true" />} onPress={() => setAsked('edit')}>
                  Edit
                </Button>
                <Button
                  icon={<Trash2 size={13} aria-hidden="true" />}
                  onPress={() => setAsked('delete')}
                  {...(site.hosts > 0 ? { disabledReason: 'Remove its hosts first' } : {})}
                >
                  Delete
                </Button>
                <ButtonLink
                  href={`/hosts?add=yes&site=${site.id}`}
                  variant="primary"
                  icon={<Plus size={14} aria-hidden="true" />}
                >
                  Add host
                </ButtonLink>
              </>
            )}
          </>
        }
      />
      <div className="grid min-w-0 gap-4 px-4 pb-4 xl:grid-cols-[minmax(0,1fr)_300px]">
        <div className="flex min-w-0 flex-col gap-4">
          {operator && <SiteCapacityCard siteId={site.id} hosts={site.hosts} />}
          <SiteHostsCard siteId={site.id} places={places.data} operator={operator} />
        </div>
        <SiteLinksCard siteId={site.id} places={places.data} />
      </div>
      {asked === 'edit' && <SiteFormDialog site={site} onClose={() => setAsked(null)} />}
      {asked === 'delete' && (
        <DeleteSiteDialog site={site} onClose={() => setAsked(null)} onDeleted={() => router.push('/sites')} />
      )}
    </>
  )
}
