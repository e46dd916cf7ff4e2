'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { NumberField } from '#components/ui/number-field.tsx'
import { Select } from '#components/ui/select.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { ArchiveLimits } from '#server/schema/archive.ts'
import type { ArchiveStore, NamedTenant } from './archive-stores.tsx'

const gib = 2 ** 30
const usual = { maxGib: 0, minKeepDays: 1, maxKeepDays: 3650, mayDeleteLocal: true }

/** Who may archive to a store, and within which limits. */
export function GrantDialog(props: { store: ArchiveStore; tenants: readonly NamedTenant[]; onClose: () => void }) {
  const { store, tenants, onClose } = props
  const trpc = useTRPC()
  const client = useQueryClient()
  const onSuccess = () => client.invalidateQueries({ queryKey: trpc.archiveStore.pathKey() })
  const grant = useMutation(trpc.archiveStore.grant.mutationOptions({ onSuccess }))
  const [tenantId, setTenantId] = useState(tenants[0]?.id ?? '')
  const known = store.grants.find((each) => each.tenantId === tenantId)
  const [draft, setDraft] = useState<typeof usual>()
  const now = draft ?? (known ? { ...known, maxGib: (known.maxBytes ?? 0) / gib } : usual)
  const change = (more: Partial<typeof usual>) => setDraft({ ...now, ...more })
  const limits = ArchiveLimits.safeParse({
    ...{ minKeepDays: now.minKeepDays, maxKeepDays: now.maxKeepDays, mayDeleteLocal: now.mayDeleteLocal },
    maxBytes: now.maxGib > 0 ? Math.round(now.maxGib * gib) : null,
  })
  const error = refusal('It was not changed', grant.error)
  return (
    <FormDialog
      title={`Tenants of ${store.name}`}
      submitLabel={known ? 'Change limits' : 'Grant'}
      isPending={grant.isPending}
      isIncomplete={!limits.success || tenantId === ''}
      onSubmit={() => limits.success && grant.mutate({ id: store.id, tenantId, limits: limits.data })}
      onClose={onClose}
    >
      {store.grants.length > 0 && (
        <ul aria-label="Tenants that may use it" className="divide-y divide-line rounded-md border border-line text-sm">
          {store.grants.map((each) => (
            <li key={each.tenantId} className="flex items-center gap-3 px-3 py-1.5">
              <span className="min-w-0 flex-1">
                <span className="font-medium">{each.tenantName}</span>
                <span className="block text-ink-muted text-xs">
                  {formatBytes(each.usedBytes)}
                  {each.maxBytes === null ? ', without a limit' : ` of ${formatBytes(each.maxBytes)}`}; kept{' '}
                  {formatCount(each.minKeepDays)} to {formatCount(each.maxKeepDays)} days
                </span>
              </span>
              <Button
                size="sm"
                variant="quiet"
                label={`Take the grant of ${each.tenantName} back`}
                onPress={() => grant.mutate({ id: store.id, tenantId: each.tenantId, limits: null })}
              >
                Take back
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Select
        label="Tenant"
        value={tenantId}
        onChange={(id) => {
          setTenantId(id)
          setDraft(undefined)
        }}
        options={tenants.map(({ id, name }) => ({ id, label: name }))}
      />
      <div className="grid gap-3 sm:grid-cols-3">
        <NumberField
          label="At most"
          description="0 is unlimited"
          unit="GiB"
          min={0}
          value={now.maxGib}
          onChange={(maxGib) => change({ maxGib })}
        />
        <NumberField
          label="Kept at least"
          unit="days"
          min={1}
          value={now.minKeepDays}
          onChange={(minKeepDays) => change({ minKeepDays })}
        />
        <NumberField
          label="Kept at most"
          unit="days"
          min={1}
          value={now.maxKeepDays}
          onChange={(maxKeepDays) => change({ maxKeepDays })}
          error={limits.error?.issues[0]?.message}
        />
      </div>
      <Checkbox isSelected={now.mayDeleteLocal} onChange={(mayDeleteLocal) => change({ mayDeleteLocal })}>
        Local copies may be deleted once they are archived
      </Checkbox>
      {error && <ErrorMessage {...error} />}
    </FormDialog>
  )
}
