'use client'

import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { useRouter, useSearchParams } from 'next/navigation'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Breadcrumb } from '#components/ui/breadcrumb.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { refusal } from '#components/vm/refusal.ts'
import {
  blankDraft,
  type CreateDraft,
  type CreateField,
  inputOf,
  networksThere,
  problemsOf,
  withTemplate,
} from './create-draft.ts'
import { CreateFirstBoot } from './create-first-boot.tsx'
import { CreatePlace } from './create-place.tsx'
import { CreateSize } from './create-size.tsx'
import { CreateSummary } from './create-summary.tsx'
import { CreateWhat } from './create-what.tsx'

export interface CreateVmPageProps {
  operator: boolean
  /** Tenants in which this person may create, for those who are no operators */
  tenantIds: readonly string[]
}

/** A new VM on one page: what, where, how large, and what it says of itself at its first boot. */
export function CreateVmPage({ operator, tenantIds }: CreateVmPageProps) {
  const trpc = useTRPC()
  const router = useRouter()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const templates = useQuery(trpc.template.list.queryOptions())
  const [changed, setDraft] = useState<CreateDraft | null>(null)
  const tenants = places.data?.tenants.filter((tenant) => operator || tenantIds.includes(tenant.id)) ?? []
  const tenantId = changed ? changed.tenantId : operator ? null : (tenants[0]?.id ?? null)
  const networks = useQuery({
    ...trpc.network.names.queryOptions({ tenantId }),
    enabled: places.isSuccess,
    placeholderData: keepPreviousData,
  })
  const [isTried, setTried] = useState(false)
  const wantedTemplateId = useSearchParams().get('template')
  const create = useMutation(trpc.vm.create.mutationOptions({ onSuccess: ({ vmId }) => router.push(`/vms/${vmId}`) }))
  const head = (
    <>
      <div className="px-4 pt-3">
        <Breadcrumb crumbs={[{ label: 'VMs', href: '/fleet' }, { label: 'Create' }]} />
      </div>
      <PageHeader title="Create a VM" className="pt-2" />
    </>
  )
  const failed = unread(places) ?? unread(templates) ?? unread(networks)
  if (failed) {
    return (
      <>
        {head}
        <ErrorMessage {...pageFailure('What can be made could not be read', failed)} />
      </>
    )
  }
  if (!operator && tenantIds.length === 0) {
    return (
      <>
        {head}
        <EmptyState title="You can look, not create">
          Creating VMs takes the role member or higher. Ask an admin of your tenant for it.
        </EmptyState>
      </>
    )
  }
  if (!places.data || !templates.data || !networks.data) {
    return (
      <>
        {head}
        <SkeletonRows rows={8} />
      </>
    )
  }

  const firstTemplate = templates.data.find((each) => each.id === wantedTemplateId) ?? templates.data[0]
  const isThere = ({ id }: { id: string }) => !firstTemplate || firstTemplate.siteIds.includes(id)
  const firstSite =
    places.data.sites.find((site) => isThere(site) && networks.data.some((each) => each.siteIds.includes(site.id))) ??
    places.data.sites.find(isThere) ??
    places.data.sites[0]
  const draft = changed ?? {
    ...withTemplate(blankDraft, firstTemplate),
    tenantId,
    siteId: firstSite?.id ?? null,
    networks: networks.data
      .filter((each) => firstSite && each.siteIds.includes(firstSite.id))
      .slice(0, 1)
      .map(({ name }) => ({ key: 1, name })),
  }
  const template = templates.data.find((each) => each.id === draft.templateId)
  const networkNames = networksThere(networks.data, draft)
  const problems = problemsOf(draft, template, networkNames)
  const refusedField = create.error?.data?.skerry.field as CreateField | undefined
  const shown = {
    ...(isTried ? problems : draft.name ? { ...problems, name: problems.name } : { ...problems, name: undefined }),
    ...(refusedField && create.error ? { [refusedField]: create.error.message } : {}),
  }
  const change = (next: CreateDraft) => {
    setDraft(next)
    if (create.error) create.reset()
  }
  const part = { draft, onChange: change, problems: shown }
  return (
    <>
      {head}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          const input = inputOf(draft, template)
          if (input && Object.keys(problems).length === 0) create.mutate(input)
        }}
        className="grid max-w-300 items-start gap-4 px-4 pb-6 lg:grid-cols-[minmax(0,1fr)_320px]"
      >
        <div className="flex min-w-0 flex-col gap-4">
          <CreateWhat {...part} templates={templates.data} operator={operator} />
          <CreatePlace
            {...part}
            places={places.data}
            template={template}
            tenants={tenants}
            networkNames={networkNames}
            isReadingNetworks={networks.isPlaceholderData}
            operator={operator}
          />
          <CreateSize {...part} template={template} />
          <CreateFirstBoot {...part} template={template} />
        </div>
        <CreateSummary
          draft={draft}
          template={template}
          places={places.data}
          isPending={create.isPending || create.isSuccess}
          problemCount={isTried ? Object.keys(problems).length : 0}
          error={refusedField ? undefined : refusal('The VM was not created', create.error)}
        />
      </form>
    </>
  )
}
