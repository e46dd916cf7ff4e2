'use client'

import { useQuery } from '@tanstack/react-query'
import { Building2, Plus, Users } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { parseAsString, useQueryState } from 'nuqs'
import { CreateTenantDialog } from '#components/tenant/create-tenant-dialog.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { type TenantRow, tenantColumns, tenantSorts } from './tenant-columns.tsx'

const none: TenantRow[] = []
const rowId = (tenant: TenantRow) => tenant.id
const rowName = (tenant: TenantRow) => tenant.name
const rowHref = (tenant: TenantRow) => `/tenants/${tenant.id}`

/** Everybody who runs VMs here, with what they use of what they may. */
export function TenantsPage({ operator }: { operator: boolean }) {
  const router = useRouter()
  const [create, setCreate] = useQueryState('create', parseAsString.withDefault(''))
  const tenants = useQuery(useTRPC().tenant.list.queryOptions())
  const { rows, sort, onSortChange } = useSortedRows(tenants.data ?? none, tenantSorts)
  const createButton = operator && (
    <Button variant="primary" icon={<Plus size={14} aria-hidden="true" />} onPress={() => void setCreate('yes')}>
      Create tenant
    </Button>
  )
  return (
    <>
      <PageHeader
        title="Tenants"
        actions={
          operator && (
            <>
              <ButtonLink href="/settings/people" icon={<Users size={14} aria-hidden="true" />}>
                People
              </ButtonLink>
              {createButton}
            </>
          )
        }
      />
      <DataTable
        label="Tenants"
        columns={tenantColumns}
        rows={rows}
        rowId={rowId}
        rowName={rowName}
        rowHref={rowHref}
        sort={sort}
        onSortChange={onSortChange}
        isLoading={tenants.isPending}
        error={tenants.error && pageFailure('The tenants could not be read', { ...tenants, error: tenants.error })}
        empty={
          <EmptyState icon={<Building2 size={24} aria-hidden="true" />} title="No tenants yet" action={createButton}>
            {operator
              ? 'A tenant is a group of people with VMs of their own and limits that you set.'
              : 'You belong to no tenant. Ask its admin for an invitation.'}
          </EmptyState>
        }
        className="min-h-0 flex-1 border-t border-line"
      />
      {create && operator && (
        <CreateTenantDialog onClose={() => void setCreate(null)} onCreated={(id) => router.push(`/tenants/${id}`)} />
      )}
    </>
  )
}
