'use client'

import { Button } from '#components/ui/button.tsx'
import { ComboBox } from '#components/ui/combo-box.tsx'
import { SearchField } from '#components/ui/search-field.tsx'
import { Select } from '#components/ui/select.tsx'
import { Toolbar } from '#components/ui/toolbar.tsx'
import { auditOutcomes, deeds } from '#server/schema/audit.ts'
import { policy } from '#server/schema/policy.ts'
import { outcomeLook } from './audit-columns.tsx'
import type { AuditView } from './audit-query.ts'
import { resourceOptions } from './audit-words.ts'
import { DayField } from './day-field.tsx'

/** What is done without the policy's table, by the sign-in itself. */
const signInActions = [
  'session.sign-in',
  'session.sign-out',
  'session.second-factor',
  'session.revoke',
  'user.change-password',
  'user.edit',
  'user.add-passkey',
  'user.remove-passkey',
  'user.enable-two-factor',
  'user.disable-two-factor',
  'user.new-backup-codes',
]

const readsOnly = new Set(['read', 'read-name', 'read-xml', 'check'])
const actions = [
  ...Object.entries(policy).flatMap(([resource, cells]) =>
    Object.keys(cells)
      .filter((action) => !readsOnly.has(action))
      .map((action) => `${resource}.${action}`),
  ),
  ...Object.entries(deeds).flatMap(([resource, names]) => names.map((deed) => `${resource}.${deed}`)),
  ...signInActions,
].toSorted()
const actionOptions = [...new Set(actions)].map((id) => ({ id, label: id }))
const all = 'all'

export interface AuditFiltersProps {
  view: AuditView
  onChange: (part: { [Key in keyof AuditView]?: AuditView[Key] | null }) => void
  tenants: readonly { id: string; name: string }[]
}

/** Each narrows; all of it is in the address. */
export function AuditFilters({ view, onChange, tenants }: AuditFiltersProps) {
  const isNarrowed = Object.values(view).some(Boolean)
  return (
    <Toolbar label="Search the audit" className="border-t border-line">
      <SearchField
        label="Search names, actions, addresses"
        placeholder="Name, action, address…"
        value={view.text}
        onChange={(text) => onChange({ text: text || null })}
        className="w-full sm:w-60"
      />
      <ComboBox
        label="Action"
        isLabelHidden
        placeholder="Every action"
        options={actionOptions}
        value={view.action || null}
        onChange={(action) => onChange({ action })}
        className="w-48"
      />
      <Select
        label="Outcome"
        isLabelHidden
        value={view.outcome ?? all}
        onChange={(id) => onChange({ outcome: auditOutcomes.find((outcome) => outcome === id) ?? null })}
        options={[
          { id: all, label: 'Every outcome' },
          ...auditOutcomes.map((id) => ({ id, label: outcomeLook[id].word })),
        ]}
        className="w-36"
      />
      <Select
        label="Kind of thing"
        isLabelHidden
        value={view.kind || all}
        onChange={(id) => onChange({ kind: id === all ? null : id })}
        options={[{ id: all, label: 'On everything' }, ...resourceOptions]}
        className="w-38"
      />
      {tenants.length > 1 && (
        <Select
          label="Tenant"
          isLabelHidden
          value={view.tenant || all}
          onChange={(id) => onChange({ tenant: id === all ? null : id })}
          options={[{ id: all, label: 'Every tenant' }, ...tenants.map(({ id, name }) => ({ id, label: name }))]}
          className="w-40"
        />
      )}
      <span className="flex flex-wrap items-center gap-1.5">
        <DayField label="Since" value={view.from} onChange={(from) => onChange({ from: from || null })} />
        <DayField label="until" value={view.to} onChange={(to) => onChange({ to: to || null })} />
      </span>
      {view.actor && (
        <Button size="sm" onPress={() => onChange({ actor: null })}>
          One actor only ×
        </Button>
      )}
      {view.resource && (
        <Button size="sm" onPress={() => onChange({ resource: null })}>
          One thing only ×
        </Button>
      )}
      {isNarrowed && (
        <Button
          size="sm"
          variant="quiet"
          onPress={() => onChange(Object.fromEntries(Object.keys(view).map((key) => [key, null])))}
        >
          Clear
        </Button>
      )}
    </Toolbar>
  )
}
