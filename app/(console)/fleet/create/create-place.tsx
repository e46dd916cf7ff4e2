'use client'

import { Plus, Trash2 } from 'lucide-react'
import { reasonAgainstHost } from '#components/host/host-words.ts'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import type { Outputs } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Link } from '#components/ui/link.tsx'
import { Select } from '#components/ui/select.tsx'
import type { CreateDraft, Template } from './create-draft.ts'
import type { CreatePartProps } from './create-part.ts'

type Places = Outputs['fleet']['places']

export interface CreatePlaceProps extends CreatePartProps {
  places: Places
  template: Template | undefined
  tenants: Places['tenants']
  /** Those that the tenant may use there */
  networkNames: readonly string[]
  isReadingNetworks: boolean
  operator: boolean
}

const nobody = 'nobody'
const automatic = 'automatic'
const kindWord = { region: 'Region', edge: 'Edge', emulated_edge: 'Emulated edge' }

/** Whose it is, where it runs, what it is plugged into. */
export function CreatePlace(props: CreatePlaceProps) {
  const { draft, onChange, problems, places, template, tenants, networkNames, isReadingNetworks, operator } = props
  return (
    <Card title="Where">
      <div className="grid items-start gap-4 sm:grid-cols-2">
        {(operator || tenants.length > 1) && (
          <Select
            label="Tenant"
            value={draft.tenantId ?? nobody}
            onChange={(id) => onChange({ ...draft, tenantId: id === nobody ? null : id })}
            options={[
              ...(operator ? [{ id: nobody, label: 'Unassigned', detail: 'Operators alone see it' }] : []),
              ...tenants.map(({ id, name }) => ({ id, label: name })),
            ]}
            className="sm:col-span-2"
          />
        )}
        <Select
          label="Site"
          value={draft.siteId}
          onChange={(siteId) => onChange({ ...draft, siteId, hostId: null })}
          error={problems.siteId}
          options={places.sites.map((site) => ({
            ...{ id: site.id, label: site.name, detail: kindWord[site.kind] },
            badge: site.simulated && <SimulatedBadge />,
            ...(template && !template.siteIds.includes(site.id)
              ? { disabledReason: `No host there has ${template.name}` }
              : {}),
          }))}
        />
        {operator ? (
          <Select
            label="Host"
            value={draft.hostId ?? automatic}
            onChange={(id) => onChange({ ...draft, hostId: id === automatic ? null : id })}
            error={problems.hostId}
            options={[
              { id: automatic, label: 'Automatic', detail: 'The one with the most memory left' },
              ...places.hosts.filter((host) => host.siteId === draft.siteId).map((host) => hostOption(host, template)),
            ]}
          />
        ) : (
          <p className="text-xs text-ink-faint sm:pt-6">The host with the most room there is chosen for you.</p>
        )}
        <CreateCards
          draft={draft}
          onChange={onChange}
          problem={problems.networks}
          names={networkNames}
          isReading={isReadingNetworks}
          whose={tenants.find((tenant) => tenant.id === draft.tenantId)?.name}
          operator={operator}
        />
      </div>
    </Card>
  )
}

function hostOption(host: Places['hosts'][number], template: Template | undefined) {
  const isMissing = template !== undefined && !template.hostIds.includes(host.id)
  return {
    id: host.id,
    label: host.name,
    detail: `${formatBytes(Number(host.memoryFreeBytes))} of memory free`,
    badge: host.simulated && <SimulatedBadge />,
    disabledReason: reasonAgainstHost(host) ?? (isMissing ? `It does not have ${template.name}` : undefined),
  }
}

function CreateCards(props: {
  draft: CreateDraft
  onChange: (draft: CreateDraft) => void
  problem: string | undefined
  names: readonly string[]
  isReading: boolean
  whose: string | undefined
  operator: boolean
}) {
  const { draft, onChange, problem, names, isReading, whose, operator } = props
  const isNone = names.length === 0 && !isReading
  const key = Math.max(0, ...draft.networks.map((card) => card.key)) + 1
  return (
    <div className="flex flex-col gap-2 sm:col-span-2">
      <div className="flex items-center justify-between">
        <span className="text-xs font-medium text-ink-muted">Network cards</span>
        <Button
          size="sm"
          variant="quiet"
          icon={<Plus size={13} aria-hidden="true" />}
          disabledReason={isNone ? 'There is no network for it there' : undefined}
          onPress={() => onChange({ ...draft, networks: [...draft.networks, { key, name: names[0] ?? '' }] })}
        >
          Add a card
        </Button>
      </div>
      {isNone && <NoNetwork whose={whose} operator={operator} />}
      {!isNone && draft.networks.length === 0 && <p className="text-xs text-ink-faint">None: nothing can reach it.</p>}
      <ul className="flex flex-col gap-2">
        {draft.networks.map((card, index) => (
          <li key={card.key} className="grid grid-cols-[minmax(0,1fr)_28px] items-center gap-2">
            <Select
              label={`Network of card ${index + 1}`}
              isLabelHidden
              value={names.includes(card.name) ? card.name : null}
              onChange={(name) =>
                onChange({
                  ...draft,
                  networks: draft.networks.map((each) => (each.key === card.key ? { ...each, name } : each)),
                })
              }
              options={names.map((name) => ({ id: name, label: name }))}
            />
            <IconButton
              label={`Remove card ${index + 1}`}
              icon={<Trash2 size={14} aria-hidden="true" />}
              onPress={() => onChange({ ...draft, networks: draft.networks.filter((each) => each.key !== card.key) })}
            />
          </li>
        ))}
      </ul>
      {problem && <p className="text-xs text-failed">{problem}</p>}
    </div>
  )
}

/** Why no card can be plugged in, and who can help. */
function NoNetwork({ whose, operator }: { whose: string | undefined; operator: boolean }) {
  if (!whose) return <p className="text-xs text-ink-muted">No host there has an active network.</p>
  return (
    <p className="text-xs text-ink-muted">
      {whose} may use no network there.{' '}
      {operator ? (
        <>
          Grant it one under <Link href="/networks">Networks</Link>.
        </>
      ) : (
        'Ask an operator to grant it one.'
      )}
    </p>
  )
}
