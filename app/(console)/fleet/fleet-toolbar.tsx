import { PanelLeft, Plus } from 'lucide-react'
import { memo } from 'react'
import { ButtonLink } from '#components/ui/button.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { FleetFilter } from './fleet-filter.tsx'
import type { PlaceNames } from './place-names.ts'
import { SavedViews } from './saved-views.tsx'

export interface FleetToolbarProps {
  isTreeHidden: boolean
  onTreeHiddenChange: (isHidden: boolean) => void
  /** In a panel, where there is no room beside the table */
  onTreeOpen: () => void
  filter: string
  onFilterChange: (filter: string) => void
  places: PlaceNames | undefined
  totalCount: number | undefined
  /** Why they may create no VM */
  reasonAgainstCreate: string | undefined
}

/** Above the table: the filter, how many it leaves, saved views. Not drawn again for each page of rows. */
export const FleetToolbar = memo(function FleetToolbar(props: FleetToolbarProps) {
  const { isTreeHidden, totalCount } = props
  return (
    <div className="flex shrink-0 flex-wrap items-start gap-2 border-b border-line px-3 py-1.5">
      <IconButton
        label={isTreeHidden ? 'Show the tree' : 'Hide the tree'}
        icon={<PanelLeft size={15} aria-hidden="true" />}
        onPress={() => props.onTreeHiddenChange(!isTreeHidden)}
        className="mt-0.5 max-[900px]:hidden"
      />
      <IconButton
        label="Open the tree"
        icon={<PanelLeft size={15} aria-hidden="true" />}
        onPress={props.onTreeOpen}
        className="mt-0.5 min-[901px]:hidden"
      />
      <FleetFilter value={props.filter} onChange={props.onFilterChange} places={props.places} />
      <span className="text-ink-muted text-xs leading-8 tabular-nums" role="status">
        {totalCount !== undefined && formatCounted(totalCount, 'VM')}
      </span>
      <SavedViews />
      <ButtonLink
        href="/fleet/create"
        variant="primary"
        icon={<Plus size={14} aria-hidden="true" />}
        disabledReason={props.reasonAgainstCreate}
      >
        <span className="max-sm:sr-only">Create VM</span>
      </ButtonLink>
    </div>
  )
})
