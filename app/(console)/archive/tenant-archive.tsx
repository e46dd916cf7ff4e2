'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Archive, KeyRound, Pencil, Play, Plus, Trash2 } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import { formatMoney, localCopyWord, lockWord, whenText, whichWord } from '#components/archive/archive-words.ts'
import { OneTimeText } from '#components/tenant/one-time-text.tsx'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCount, formatCounted } from '#components/ui/format.ts'
import { ObstacleDialog } from '#components/ui/obstacle-dialog.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { RowButton } from '#components/ui/row-button.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { refusal } from '#components/vm/refusal.ts'
import { isLive } from '#server/schema/operation.ts'
import { ArchivalPolicyDialog } from './archival-policy-dialog.tsx'
import type { ArchiveStore, NamedTenant } from './archive-stores.tsx'
import { OpenStore, OpenStoreDialog } from './open-store.tsx'

export type TenantArchivePage = Outputs['archive']['get']
export type Policy = TenantArchivePage['policies'][number]

/** A tenant's archival policies, and what it has where. */
export function TenantArchive({ tenant, operator }: { tenant: NamedTenant; operator: boolean }) {
  const tenantId = tenant.id
  const trpc = useTRPC()
  const client = useQueryClient()
  const query = useQuery(trpc.archive.get.queryOptions({ tenantId }))
  const onSuccess = () => client.invalidateQueries({ queryKey: trpc.archive.pathKey() })
  const run = useMutation(trpc.archive.run.mutationOptions({ onSuccess }))
  const showKey = useMutation(trpc.archive.showKey.mutationOptions())
  const [opened, setOpened] = useState<{ store: ArchiveStore; isOpen: boolean }>()
  const [edited, setEdited] = useState<Policy>()
  const [policy, setPolicy] = useQueryState('policy', parseAsString.withDefault(''))
  const [deleted, setDeleted] = useState<Policy>()
  const remove = useMutation(
    trpc.archive.deletePolicy.mutationOptions({
      onSuccess: () => {
        setDeleted(undefined)
        return onSuccess()
      },
    }),
  )
  const failed = unread(query)
  if (failed) return <ErrorMessage {...pageFailure('The archive could not be read', failed)} />
  const page = query.data
  if (!page) return <SkeletonRows rows={5} />
  const noStore = page.stores.length === 0 ? noStoreText(tenant, operator) : undefined
  const obstacle = whyNot(page.can.create) ?? noStore
  const create = (
    <Button
      size="sm"
      variant="primary"
      // It comes in the place of what opened the store, which had the focus.
      autoFocus={opened !== undefined}
      icon={<Plus size={14} aria-hidden="true" />}
      disabledReason={obstacle}
      onPress={() => void setPolicy('new')}
    >
      Create policy
    </Button>
  )
  const keyError = refusal('The archive key was not shown', showKey.error)
  const runError = refusal('It did not begin', run.error)
  return (
    <>
      <Card title="Archival policies" actions={page.policies.length > 0 && create} isFlush>
        {page.policies.length === 0 ? (
          <EmptyState
            icon={<Archive size={24} aria-hidden="true" />}
            title="Nothing is archived"
            action={
              operator && (noStore || opened?.isOpen) ? (
                <OpenStore tenant={tenant} onOpen={(store) => setOpened({ store, isOpen: true })} />
              ) : (
                create
              )
            }
          >
            {noStore ?? 'A policy says which backups go to an archive store, when, and what becomes of the local copy.'}
          </EmptyState>
        ) : (
          <ul aria-label="Archival policies" className="divide-y divide-line">
            {page.policies.map((policy) => (
              <li key={policy.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm">
                <span className="min-w-52 flex-1">
                  <span className="font-medium">{policy.name}</span>{' '}
                  {!policy.enabled && <Badge tone="outline">switched off</Badge>}{' '}
                  {policy.rules.lock && <Badge tone="outline">{lockWord[policy.rules.lock].short}</Badge>}
                  <span className="block text-ink-muted text-xs">
                    {whichWord[policy.rules.which]}, {whenText(policy.rules)}
                  </span>
                </span>
                <span className="w-52">
                  to {policy.archiveStoreName} for {policy.rules.keepDays} days
                  <span className="block text-ink-muted text-xs">
                    local copy {localCopyWord[policy.rules.localCopy].title.toLowerCase()}; {formatCount(policy.points)}{' '}
                    archived
                  </span>
                </span>
                <span className="w-44 text-xs">
                  <LastRun policy={policy} />
                </span>
                <span className="flex flex-wrap items-center gap-1">
                  <Button
                    size="sm"
                    icon={<Play size={13} aria-hidden="true" />}
                    label={`Run ${policy.name} now`}
                    disabledReason={whyNot(page.can.run) ?? (isAtWork(policy) ? 'It is at work' : undefined)}
                    isPending={run.isPending && run.variables?.id === policy.id}
                    onPress={() => run.mutate({ id: policy.id })}
                  >
                    Run now
                  </Button>
                  <RowButton
                    verb="Edit"
                    name={policy.name}
                    icon={Pencil}
                    disabledReason={whyNot(page.can.edit)}
                    onPress={() => setEdited(policy)}
                  />
                  <RowButton
                    verb="Delete"
                    name={policy.name}
                    icon={Trash2}
                    disabledReason={whyNot(page.can.delete)}
                    onPress={() => setDeleted(policy)}
                  />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      {runError && <ErrorMessage {...runError} />}
      {page.stores.length > 0 && (
        <Card
          title="What is there"
          isFlush
          actions={
            <Button
              size="sm"
              icon={<KeyRound size={13} aria-hidden="true" />}
              disabledReason={whyNot(page.can.readKey)}
              isPending={showKey.isPending}
              onPress={() => showKey.mutate({ tenantId })}
            >
              Show the archive key
            </Button>
          }
        >
          <ul aria-label="Archive stores of the tenant" className="divide-y divide-line">
            {page.stores.map((store) => (
              <li key={store.id} className="flex flex-wrap gap-x-6 px-4 py-2 text-sm tabular-nums">
                <span className="min-w-48 flex-1 font-medium">{store.name}</span>
                <span>
                  {formatCounted(store.points, 'recovery point')}, {formatBytes(store.usedBytes)}
                  {store.maxBytes !== null && ` of ${formatBytes(store.maxBytes)}`}
                </span>
                <span className="sm:w-36 sm:text-end">{formatMoney(store.costPerMonth, store.currency)} a month</span>
              </li>
            ))}
          </ul>
          {keyError && <ErrorMessage {...keyError} className="mx-4 mb-3" />}
          {showKey.data && (
            <div className="flex flex-col gap-2 border-line border-t p-4 text-sm">
              <p>
                With this key and the archive store alone everything can be restored, without Skerry’s database. Keep it
                somewhere else, and from everybody else.
              </p>
              <OneTimeText label="Copy the archive key" text={showKey.data.key} />
            </div>
          )}
        </Card>
      )}
      {opened?.isOpen && (
        <OpenStoreDialog tenant={tenant} store={opened.store} onClose={() => setOpened({ ...opened, isOpen: false })} />
      )}
      {policy === 'new' && obstacle && (
        <ObstacleDialog title="No archival policy can be created" onClose={() => void setPolicy(null)}>
          {obstacle}
        </ObstacleDialog>
      )}
      {(edited || (policy === 'new' && !obstacle)) && (
        <ArchivalPolicyDialog
          tenantId={tenantId}
          page={page}
          policy={edited}
          onClose={() => {
            setEdited(undefined)
            void setPolicy(null)
          }}
        />
      )}
      {deleted && (
        <ConfirmDialog
          isOpen
          onOpenChange={(isOpen) => !isOpen && setDeleted(undefined)}
          title={`Delete ${deleted.name}?`}
          confirmLabel="Delete"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate({ id: deleted.id })}
          error={refusal('It was not deleted', remove.error)}
        >
          <p>What it has archived stays until it expires.</p>
        </ConfirmDialog>
      )}
    </>
  )
}

const noStoreText = (tenant: NamedTenant, operator: boolean) =>
  operator
    ? `${tenant.name} may not use an archive store yet. Open one to it, then it can have archival policies.`
    : 'The provider has not opened an archive store to this tenant yet.'

const isAtWork = ({ last }: Policy) => last !== null && isLive(last.state)

function LastRun({ policy }: { policy: Policy }) {
  if (policy.lastRefusal) return <span className="text-ink-muted">Not begun: {policy.lastRefusal}</span>
  const { last } = policy
  if (!last) return <span className="text-ink-muted">Has not run yet</span>
  if (isLive(last.state)) return <span>At work</span>
  const error = last.error as { message?: string } | null
  return (
    <span>
      {last.state === 'succeeded' ? 'Done' : last.state === 'failed' ? 'Failed' : 'Cancelled'}{' '}
      {last.finishedAt && <RelativeTime at={last.finishedAt} />}
      {error?.message && <span className="block text-ink-muted">{error.message}</span>}
    </span>
  )
}
