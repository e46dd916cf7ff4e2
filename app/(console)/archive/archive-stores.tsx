'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Archive, Pencil, Plus, ShieldCheck, Trash2, Users } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import { formatMoney } from '#components/archive/archive-words.ts'
import { DamageCard } from '#components/datastore/damage-card.tsx'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCounted, formatDuration } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { RowButton } from '#components/ui/row-button.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { locationText } from '#server/schema/store.ts'
import { ArchiveStoreDialog } from './archive-store-dialog.tsx'
import { GrantDialog } from './grant-dialog.tsx'
import { openDamages, VerifyDialog } from './verify-dialog.tsx'

const healedByArchival =
  'What has a whole copy in a datastore is archived anew by the next run of its policy; else what is still the same in a newer recovery point heals it.'

export type ArchiveStore = Outputs['archiveStore']['list'][number]
export interface NamedTenant {
  id: string
  name: string
}
type Command = { kind: 'edit' | 'grant' | 'verify' | 'remove'; store: ArchiveStore }

/** The archive stores, with what each costs and who may use it. */
export function ArchiveStores({ tenants }: { tenants: readonly NamedTenant[] }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const query = useQuery(trpc.archiveStore.list.queryOptions())
  const failed = unread(query)
  const stores = query.data ?? []
  const live = useQuery(trpc.operation.list.queryOptions({ kinds: ['verify-archive-store'], live: true, limit: 10 }))
  const operations = live.data?.items ?? []
  const [command, setCommand] = useState<Command>()
  const [adding, setAdding] = useQueryState('add', parseAsString.withDefault(''))
  const close = () => {
    setCommand(undefined)
    void setAdding(null)
    void client.invalidateQueries({ queryKey: trpc.archiveStore.pathKey() })
    void client.invalidateQueries({ queryKey: trpc.archive.pathKey() })
    void client.invalidateQueries({ queryKey: trpc.operation.pathKey() })
  }
  const remove = useMutation(trpc.archiveStore.remove.mutationOptions({ onSuccess: close }))
  const add = (
    <Button size="sm" icon={<Plus size={14} aria-hidden="true" />} onPress={() => void setAdding('store')}>
      Add archive store
    </Button>
  )
  return (
    <>
      <Card title="Archive stores" actions={stores.length > 0 && add} isFlush>
        {failed ? (
          <ErrorMessage {...pageFailure('The archive stores could not be read', failed)} />
        ) : !query.data ? (
          <SkeletonRows rows={3} label="Loading archive stores" />
        ) : stores.length === 0 ? (
          <EmptyState icon={<Archive size={24} aria-hidden="true" />} title="No archive store yet" action={add}>
            A folder or bucket for what is kept for long, best in another place than the datastores. Once one is open to
            a tenant, its archival policies can write there.
          </EmptyState>
        ) : (
          <ul aria-label="Archive stores" className="divide-y divide-line">
            {stores.map((store) => (
              <li key={store.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2 text-sm">
                <span className="min-w-48 flex-1">
                  <span className="font-medium">{store.name}</span>
                  <span className="block truncate font-mono text-ink-muted text-xs">
                    {locationText(store.location)}
                  </span>
                  <span className="block text-ink-muted text-xs">{locksText(store)}</span>
                  <VerifiedNote store={store} />
                </span>
                <span className="w-44">
                  {formatMoney(store.pricePerGbMonth, store.currency)} a GB and month
                  <span className="block text-ink-muted text-xs">
                    {formatMoney(store.pricePerGbRead, store.currency)} a GB read
                    {store.firstByteSeconds > 0 && `, after ${formatDuration(store.firstByteSeconds)}`}
                  </span>
                </span>
                <span className="w-44 tabular-nums">
                  {formatBytes(store.storedBytes)} in {formatCounted(store.points, 'point')}
                  <span className="block text-ink-muted text-xs">
                    {formatMoney(store.costPerMonth, store.currency)} a month,{' '}
                    {formatCounted(store.grants.length, 'tenant')}
                  </span>
                </span>
                <span className="flex flex-wrap items-center gap-1">
                  <Button
                    size="sm"
                    icon={<Users size={13} aria-hidden="true" />}
                    label={`Tenants of ${store.name}`}
                    onPress={() => setCommand({ kind: 'grant', store })}
                  >
                    Tenants…
                  </Button>
                  <RowButton
                    verb="Verify"
                    name={store.name}
                    icon={ShieldCheck}
                    onPress={() => setCommand({ kind: 'verify', store })}
                  />
                  <RowButton
                    verb="Edit"
                    name={store.name}
                    icon={Pencil}
                    onPress={() => setCommand({ kind: 'edit', store })}
                  />
                  <RowButton
                    verb="Remove"
                    name={store.name}
                    icon={Trash2}
                    disabledReason={
                      store.points + store.policies > 0 ? 'It holds recovery points, or policies use it' : undefined
                    }
                    onPress={() => setCommand({ kind: 'remove', store })}
                  />
                </span>
              </li>
            ))}
          </ul>
        )}
        {operations.length > 0 && (
          <ul aria-label="At work in archive stores" className="border-line border-t">
            {operations.map((operation) => (
              <OperationLine key={operation.id} operation={operation} />
            ))}
          </ul>
        )}
        {adding && <ArchiveStoreDialog store={undefined} onClose={close} />}
        {command?.kind === 'edit' && <ArchiveStoreDialog store={command.store} onClose={close} />}
        {command?.kind === 'grant' && (
          <GrantDialog
            store={stores.find(({ id }) => id === command.store.id) ?? command.store}
            tenants={tenants}
            onClose={close}
          />
        )}
        {command?.kind === 'verify' && (
          <VerifyDialog store={stores.find(({ id }) => id === command.store.id) ?? command.store} onClose={close} />
        )}
        {command?.kind === 'remove' && (
          <ConfirmDialog
            isOpen
            onOpenChange={(isOpen) => !isOpen && close()}
            title={`Remove ${command.store.name}?`}
            confirmLabel="Remove"
            isPending={remove.isPending}
            onConfirm={() => remove.mutate({ id: command.store.id })}
            error={refusal('It was not removed', remove.error)}
          >
            <p>Nothing is archived there. What it made in its folder or bucket stays.</p>
          </ConfirmDialog>
        )}
      </Card>
      {stores
        .filter((store) => openDamages(store).length > 0)
        .map((store) => (
          <DamageCard
            key={store.id}
            title={`Damage in ${store.name}`}
            damages={store.damages}
            wayOut={healedByArchival}
          />
        ))}
    </>
  )
}

function VerifiedNote({ store }: { store: ArchiveStore }) {
  const damaged = openDamages(store).length
  return (
    <span className="flex items-center gap-1 text-ink-muted text-xs">
      {damaged > 0 && (
        <StateBadge state="failed" label={`${formatCounted(damaged, 'object')} damaged`} variant="plain" />
      )}
      {store.verified ? (
        <span>
          Verified <RelativeTime at={store.verified.endedAt} />
        </span>
      ) : (
        'Never verified'
      )}
    </span>
  )
}

function locksText({ lockRefusal, lockDays }: ArchiveStore): string {
  if (lockRefusal !== null) return lockRefusal
  if (lockDays === null) return 'Has object lock, which tenants may not use'
  return `Tenants may lock for at most ${formatCounted(lockDays, 'day')}`
}
