'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useMemo, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure, pageFailure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { FittedTable } from '#components/ui/fitted-table.tsx'
import { useSortedRows } from '#components/ui/use-sorted-rows.ts'
import { type ApiKey, apiKeyColumns, apiKeySort } from './api-key-columns.tsx'
import { ApiKeyDialog } from './api-key-dialog.tsx'
import { ApiKeyExample } from './api-key-example.tsx'

const rowId = (key: ApiKey) => key.id
const rowName = (key: ApiKey) => key.name

/** My keys for scripts: make, look at, revoke. */
export function ApiKeyPage() {
  const trpc = useTRPC()
  const keys = useQuery(trpc.apiKey.list.queryOptions(undefined, { staleTime: 0 }))
  const places = useQuery(trpc.fleet.places.queryOptions())
  const [creating, setCreating] = useQueryState('create', parseAsString.withDefault(''))
  const [revoking, setRevoking] = useState<ApiKey | null>(null)
  const tenants = useMemo(() => new Map(places.data?.tenants.map(({ id, name }) => [id, name])), [places.data])
  const columns = useMemo(() => apiKeyColumns(tenants), [tenants])
  const { rows, sort, onSortChange } = useSortedRows(keys.data ?? [], apiKeySort)
  return (
    <div className="grid max-w-280 gap-4 p-4">
      <Card
        title="API keys"
        isFlush
        actions={
          <Button
            size="sm"
            variant="primary"
            icon={<Plus size={13} aria-hidden="true" />}
            onPress={() => void setCreating('yes')}
          >
            Create key
          </Button>
        }
      >
        <p className="max-w-180 px-4 pb-3 text-sm text-ink-muted">
          A script with your key may do what you may, unless the key is narrower. What it does stands in the audit under
          the key’s name.
        </p>
        <FittedTable
          label="API keys"
          columns={columns}
          rows={rows}
          rowId={rowId}
          rowName={rowName}
          rowMenu={(key) => [
            {
              id: 'key',
              items: [{ id: 'revoke', label: 'Revoke…', isDanger: true, onAction: () => setRevoking(key) }],
            },
          ]}
          sort={sort}
          onSortChange={onSortChange}
          isLoading={keys.isPending}
          error={keys.error && pageFailure('Your keys could not be read', keys)}
          empty={
            <EmptyState icon={<KeyRound size={20} aria-hidden="true" />} title="No keys yet" className="py-6">
              Create one to use Skerry from a script.
            </EmptyState>
          }
          className="overflow-hidden rounded-b-lg border-t border-line"
        />
      </Card>
      <ApiKeyExample />
      {creating && <ApiKeyDialog onClose={() => void setCreating(null)} />}
      {revoking && <RevokeDialog apiKey={revoking} onClose={() => setRevoking(null)} />}
    </div>
  )
}

function RevokeDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const revoke = useMutation(
    trpc.apiKey.revoke.mutationOptions({
      onSuccess: async () => {
        await client.invalidateQueries({ queryKey: trpc.apiKey.list.queryKey() })
        onClose()
      },
    }),
  )
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={onClose}
      title={`Revoke ${apiKey.name}?`}
      confirmLabel="Revoke"
      onConfirm={() => revoke.mutate({ apiKeyId: apiKey.id })}
      isPending={revoke.isPending}
      {...(revoke.error ? { error: failure('The key was not revoked', revoke.error) } : {})}
    >
      <p>Scripts that use it are refused from then on. This can’t be undone; operations they began go on.</p>
    </ConfirmDialog>
  )
}
