'use client'

import { useQuery } from '@tanstack/react-query'
import { MapPin, Plus } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { parseAsString, useQueryState } from 'nuqs'
import { useMemo, useState } from 'react'
import { DeleteSiteDialog } from '#components/site/delete-site-dialog.tsx'
import { SiteFormDialog } from '#components/site/site-form.tsx'
import { SiteMap } from '#components/site/site-map.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { FittedTable } from '#components/ui/fitted-table.tsx'
import type { MenuGroup } from '#components/ui/menu.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { type SiteRow, siteColumns, siteSorts } from './site-columns.tsx'

const rowId = (site: SiteRow) => site.id
const rowName = (site: SiteRow) => site.name
const rowHref = (site: SiteRow) => `/sites/${site.id}`
const none: SiteRow[] = []

/** Every place where hosts stand: on the map and as a table. */
export function SitesPage({ operator }: { operator: boolean }) {
  const trpc = useTRPC()
  const router = useRouter()
  const [create, setCreate] = useQueryState('create', parseAsString.withDefault(''))
  const [asked, setAsked] = useState<{ what: 'edit' | 'delete'; site: SiteRow } | null>(null)
  const places = useQuery(trpc.fleet.places.queryOptions())
  const columns = useMemo(() => siteColumns(operator), [operator])
  const { rows, sort, onSortChange } = useSortedRows(places.data?.sites ?? none, siteSorts)
  const createButton = operator && (
    <Button variant="primary" icon={<Plus size={14} aria-hidden="true" />} onPress={() => void setCreate('yes')}>
      Create site
    </Button>
  )
  const menu = (site: SiteRow): readonly MenuGroup[] => [
    { id: 'edit', items: [{ id: 'edit', label: 'Edit…', onAction: () => setAsked({ what: 'edit', site }) }] },
    {
      id: 'delete',
      items: [
        {
          id: 'delete',
          label: 'Delete…',
          isDanger: true,
          ...(site.hosts > 0
            ? { disabledReason: 'Remove its hosts first' }
            : { onAction: () => setAsked({ what: 'delete', site }) }),
        },
      ],
    },
  ]
  return (
    <>
      <PageHeader title="Sites" actions={createButton} />
      {places.data && places.data.sites.length > 0 && (
        <SiteMap places={places.data} operator={operator} heightPx={360} className="shrink-0 border-y border-line" />
      )}
      <FittedTable
        label="Sites"
        columns={columns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowHref={rowHref}
        {...(operator ? { rowMenu: menu } : {})}
        sort={sort}
        onSortChange={onSortChange}
        maxRows={100}
        isLoading={places.isPending}
        error={places.error && pageFailure('The sites could not be read', { ...places, error: places.error })}
        empty={
          <EmptyState icon={<MapPin size={24} aria-hidden="true" />} title="No sites yet" action={createButton}>
            {operator
              ? 'A site is a place where hosts stand. Create one, then add its hosts.'
              : 'An operator adds them.'}
          </EmptyState>
        }
      />
      {create && operator && (
        <SiteFormDialog onClose={() => void setCreate(null)} onSaved={(id) => router.push(`/sites/${id}`)} />
      )}
      {asked?.what === 'edit' && <SiteFormDialog site={asked.site} onClose={() => setAsked(null)} />}
      {asked?.what === 'delete' && (
        <DeleteSiteDialog site={asked.site} onClose={() => setAsked(null)} onDeleted={() => setAsked(null)} />
      )}
    </>
  )
}
