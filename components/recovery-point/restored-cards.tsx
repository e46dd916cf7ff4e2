import type { Outputs } from '#components/trpc/client.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'

type Card = Outputs['recoveryPoint']['places'][number]['cards'][number]

interface RestoredCardsProps {
  cards: readonly Card[]
  keepNetworks: boolean
  onChange: (keepNetworks: boolean) => void
  isGone: boolean
}

/** Into what each network card will be plugged at the chosen place, and why not. */
export function RestoredCards({ cards, keepNetworks, onChange, isGone }: RestoredCardsProps) {
  return (
    <div className="flex flex-col gap-1.5">
      <Checkbox
        isSelected={keepNetworks}
        onChange={onChange}
        description={
          isGone
            ? 'Its cards get new addresses (MAC).'
            : 'Its cards get new addresses (MAC). Addresses that are set within the guest are the original’s too: two of them disturb each other.'
        }
      >
        Plug it into the same networks
      </Checkbox>
      <ul aria-label="Network cards" className="divide-y divide-line rounded-md border border-line text-xs">
        {cards.map(({ mac, network, kept, reason }) => (
          <li key={mac} className="flex flex-wrap justify-between gap-x-3 px-2.5 py-1.5">
            <span className="text-ink">{network ?? 'No network'}</span>
            <span className="text-ink-muted">
              {kept && keepNetworks ? 'plugged in' : kept ? 'comes unplugged' : `comes unplugged. ${reason}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}
