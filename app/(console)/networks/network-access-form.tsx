'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { SearchField } from '#components/ui/search-field.tsx'
import type { NetworkAccess, NetworkGroup } from './network-group.ts'

interface Tenant {
  id: string
  name: string
}

const choices = ['none', 'some', 'all'] as const
type Choice = (typeof choices)[number]

const choiceOf = ({ allTenants, tenantIds }: NetworkAccess): Choice =>
  allTenants ? 'all' : tenantIds.length > 0 ? 'some' : 'none'

/** More tenants than this want a search. */
const searchAbove = 8

/** Whose VMs may be plugged into a network; saved as a whole. */
export function NetworkAccessForm({ group, tenants }: { group: NetworkGroup; tenants: readonly Tenant[] }) {
  const { name, access } = group
  const trpc = useTRPC()
  const client = useQueryClient()
  const [changed, setChanged] = useState<{ choice: Choice; tenantIds: readonly string[] } | null>(null)
  const { choice, tenantIds } = changed ?? { choice: choiceOf(access), tenantIds: access.tenantIds }
  const save = useMutation(
    trpc.network.setGrants.mutationOptions({
      onSuccess: async () => {
        await client.invalidateQueries({ queryKey: trpc.network.pathKey() })
        setChanged(null)
      },
    }),
  )
  const chosen = choice === 'some' ? tenantIds : []
  const losing = choice === 'all' ? [] : tenants.filter(({ id }) => access.vms.has(id) && !chosen.includes(id))
  const change = (next: { choice: Choice; tenantIds: readonly string[] }) => {
    setChanged(next)
    if (save.error) save.reset()
  }
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate({ name, allTenants: choice === 'all', tenantIds: [...chosen] })
      }}
    >
      <RadioCards
        label="Whose VMs may be plugged in"
        cards={[
          { id: 'none', title: 'Operators alone', description: 'Only operators plug in VMs that belong to no tenant.' },
          { id: 'some', title: 'Some tenants', description: 'Their members choose it for their VMs.' },
          {
            id: 'all',
            title: access.mode ? `All tenants, where it is ${access.mode}` : 'All tenants',
            description: access.mode
              ? 'libvirt’s own network is open to all until you choose. A host where it is of another mode is left out.'
              : 'Those that come later too.',
          },
        ]}
        value={choice}
        onChange={(id) => change({ choice: choices.find((known) => known === id) ?? 'none', tenantIds })}
      />
      {choice === 'some' && (
        <TenantChoice
          tenants={tenants}
          vms={access.vms}
          chosen={tenantIds}
          onChange={(next) => change({ choice, tenantIds: next })}
        />
      )}
      {losing.length > 0 && (
        <p className="text-xs text-ink-muted">
          {losing
            .map((tenant) => `${formatCounted(access.vms.get(tenant.id) ?? 0, 'VM')} of ${tenant.name}`)
            .join(', ')}{' '}
          {changed ? 'would stay plugged in' : 'stay plugged in'}: without a grant they get no further card here.
        </p>
      )}
      {save.error && <ErrorMessage {...failure('Nothing was changed', save.error)} />}
      {changed && (
        <div className="flex justify-end gap-2">
          <Button onPress={() => setChanged(null)}>Cancel</Button>
          <Button
            type="submit"
            variant="primary"
            isPending={save.isPending}
            disabledReason={choice === 'some' && chosen.length === 0 ? 'Choose a tenant' : undefined}
          >
            Save
          </Button>
        </div>
      )}
    </form>
  )
}

function TenantChoice(props: {
  tenants: readonly Tenant[]
  vms: ReadonlyMap<string, number>
  chosen: readonly string[]
  onChange: (chosen: readonly string[]) => void
}) {
  const { tenants, vms, chosen, onChange } = props
  const [text, setText] = useState('')
  const found = tenants.filter((tenant) => tenant.name.toLowerCase().includes(text.toLowerCase()))
  if (tenants.length === 0) return <p className="text-xs text-ink-muted">There is no tenant yet.</p>
  return (
    <fieldset className="flex flex-col gap-2 rounded-md border border-line p-2.5">
      <legend className="sr-only">Tenants</legend>
      {tenants.length > searchAbove && (
        <SearchField label="Find tenants" placeholder="Name…" value={text} onChange={setText} />
      )}
      <ul className="flex max-h-60 flex-col gap-1 overflow-y-auto">
        {found.map(({ id, name }) => (
          <li key={id} className="flex items-center gap-2">
            <Checkbox
              isSelected={chosen.includes(id)}
              onChange={(isChosen) => onChange(isChosen ? [...chosen, id] : chosen.filter((each) => each !== id))}
              className="min-w-0 flex-1"
            >
              {name}
            </Checkbox>
            {vms.has(id) && (
              <span className="text-xs text-ink-muted tabular-nums">{formatCounted(vms.get(id) ?? 0, 'VM')}</span>
            )}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="text-xs text-ink-muted">No tenant matches.</p>}
    </fieldset>
  )
}
