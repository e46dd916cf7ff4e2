'use client'

import { useQuery } from '@tanstack/react-query'
import { Plus, Trash2, Undo2 } from 'lucide-react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Section } from '#components/ui/card.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Select } from '#components/ui/select.tsx'
import type { EditDraft } from './edit-draft.ts'

interface EditCardsProps {
  draft: EditDraft
  onChange: (draft: EditDraft) => void
  isRunning: boolean
  vm: { hostId: string; tenant: { id: string; name: string } | null }
}

/** Network cards: removed, plugged into another network, added. */
export function EditCards({ draft, onChange, isRunning, vm }: EditCardsProps) {
  const trpc = useTRPC()
  const networks = useQuery(trpc.network.names.queryOptions({ tenantId: vm.tenant?.id ?? null }))
  const names = networks.data?.filter((network) => network.hostIds.includes(vm.hostId)).map(({ name }) => name) ?? []
  const noneReason = vm.tenant ? `${vm.tenant.name} may use no network of its host` : 'Its host has no active network'
  const options = (current: string | null) =>
    [...new Set([...(current ? [current] : []), ...names])].map((name) => ({ id: name, label: name }))
  const setCard = (mac: string, change: Partial<EditDraft['cards'][number]>) =>
    onChange({ ...draft, cards: draft.cards.map((card) => (card.mac === mac ? { ...card, ...change } : card)) })
  const key = Math.max(0, ...draft.addedCards.map((card) => card.key)) + 1
  return (
    <Section
      title="Network cards"
      description={
        isRunning
          ? 'Now. A card that changes its network is pulled out and plugged in again with the same address.'
          : 'In effect when it is started.'
      }
      actions={
        <Button
          size="sm"
          icon={<Plus size={13} aria-hidden="true" />}
          disabledReason={networks.isSuccess && names.length === 0 ? noneReason : undefined}
          onPress={() => onChange({ ...draft, addedCards: [...draft.addedCards, { key, network: names[0] ?? '' }] })}
        >
          Add a card
        </Button>
      }
    >
      {networks.error && (
        <p className="text-xs text-failed">The networks could not be read: {networks.error.message}</p>
      )}
      {networks.isSuccess && names.length === 0 && (
        <p className="text-xs text-ink-muted">{noneReason}. An operator grants networks on the Networks page.</p>
      )}
      <ul className="flex flex-col gap-2">
        {draft.cards.map((card) => (
          <li key={card.mac} className="grid grid-cols-[136px_minmax(0,1fr)_28px] items-center gap-2">
            <span className="font-mono text-xs">{card.mac}</span>
            {card.isRemoved ? (
              <span className="text-xs text-failed">Goes</span>
            ) : (
              <Select
                label={`Network of ${card.mac}`}
                isLabelHidden
                value={card.network}
                onChange={(network) => setCard(card.mac, { network })}
                options={options(card.was)}
                placeholder="Plugged into a bridge"
              />
            )}
            <IconButton
              label={card.isRemoved ? `Keep ${card.mac}` : `Remove ${card.mac}`}
              icon={card.isRemoved ? <Undo2 size={14} aria-hidden="true" /> : <Trash2 size={14} aria-hidden="true" />}
              onPress={() => setCard(card.mac, { isRemoved: !card.isRemoved, network: card.was })}
            />
          </li>
        ))}
        {draft.addedCards.map((card) => (
          <li key={card.key} className="grid grid-cols-[136px_minmax(0,1fr)_28px] items-center gap-2">
            <span className="text-xs text-accent">new</span>
            <Select
              label="Network of the new card"
              isLabelHidden
              value={card.network}
              onChange={(network) =>
                onChange({
                  ...draft,
                  addedCards: draft.addedCards.map((each) => (each.key === card.key ? { ...each, network } : each)),
                })
              }
              options={options(null)}
            />
            <IconButton
              label="Don’t add this card"
              icon={<Undo2 size={14} aria-hidden="true" />}
              onPress={() =>
                onChange({ ...draft, addedCards: draft.addedCards.filter((each) => each.key !== card.key) })
              }
            />
          </li>
        ))}
      </ul>
    </Section>
  )
}
