'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowRightLeft, Building2, Camera, Play, Power, Tag, Zap } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { BulkBar } from '#components/ui/bulk-bar.tsx'
import { Button } from '#components/ui/button.tsx'
import { toastRefusal } from '#components/vm/refusal.ts'
import type { VmRow } from '#server/schema/vm.ts'
import { announceBulk } from './bulk.ts'
import { BulkAssignDialog } from './bulk-assign-dialog.tsx'
import { BulkMigrateDialog } from './bulk-migrate-dialog.tsx'
import { BulkPowerDialog } from './bulk-power-dialog.tsx'
import { BulkSnapshotDialog } from './bulk-snapshot-dialog.tsx'
import { BulkTagDialog } from './bulk-tag-dialog.tsx'
import { listInput } from './fleet-query.ts'
import type { BulkRight } from './fleet-rights.ts'

/** The most that one bulk action takes. */
const mostIds = 500

export interface FleetBulkProps {
  selection: ReadonlySet<string>
  /** Those of them that are loaded, read when a dialog asks about them: the bar is not drawn again for each page */
  selectedRows: () => readonly VmRow[]
  onSelectionChange: (selection: ReadonlySet<string>) => void
  /** Why the person may do it with none of them */
  reasonAgainst: (right: BulkRight) => string | undefined
  totalCount: number | undefined
  filter: string
  sort: string
  operator: boolean
}

type Command = 'shutdown' | 'force-off' | 'snapshot' | 'migrate' | 'tag' | 'assign'

interface Asked {
  command: Command
  selected: readonly VmRow[]
}

/** What can be done with the selected VMs; each gets a result of its own. */
export function FleetBulk(props: FleetBulkProps) {
  const { selection, selectedRows, onSelectionChange, reasonAgainst, totalCount, filter, sort, operator } = props
  const trpc = useTRPC()
  const client = useQueryClient()
  const [asked, setAsked] = useState<Asked | null>(null)
  const start = useMutation(trpc.vm.bulkPower.mutationOptions({ onSuccess: announceBulk, onError: toastRefusal }))
  const ids = [...selection]
  const tooMany = ids.length > mostIds ? `${mostIds} at most at a time` : undefined
  const selectAll = async () => {
    const page = await client.fetchQuery(trpc.vm.list.queryOptions({ ...listInput(filter, sort), limit: mostIds }))
    onSelectionChange(new Set(page.rows.map((row) => row.id)))
    if (page.nextCursor) toast.info(`The first ${mostIds} are selected`, { description: 'More do not go at a time.' })
  }
  const reason = (right: BulkRight) => reasonAgainst(right) ?? tooMany
  const command = (id: Command, label: string, icon: ReactNode, reasonAgainstIt = tooMany) => (
    <Button
      size="sm"
      variant="quiet"
      icon={icon}
      disabledReason={reasonAgainstIt}
      onPress={() => setAsked({ command: id, selected: selectedRows() })}
    >
      {label}
    </Button>
  )
  const dialog = { ids, selected: asked?.selected ?? [], onClose: () => setAsked(null) }
  const shown = asked?.command
  return (
    <>
      <BulkBar
        count={selection.size}
        totalCount={totalCount}
        onSelectAll={() => void selectAll()}
        onClear={() => onSelectionChange(new Set())}
      >
        <Button
          size="sm"
          variant="quiet"
          icon={<Play size={14} aria-hidden="true" />}
          disabledReason={reason('power')}
          isPending={start.isPending}
          onPress={() => start.mutate({ ids, action: 'start' })}
        >
          Start
        </Button>
        {command('shutdown', 'Shut down…', <Power size={14} aria-hidden="true" />, reason('power'))}
        {command('force-off', 'Force off…', <Zap size={14} aria-hidden="true" />, reason('power'))}
        {command('snapshot', 'Snapshot…', <Camera size={14} aria-hidden="true" />, reason('snapshot'))}
        {operator && command('migrate', 'Migrate to…', <ArrowRightLeft size={14} aria-hidden="true" />)}
        {command('tag', 'Tags…', <Tag size={14} aria-hidden="true" />, reason('tag'))}
        {operator && command('assign', 'Assign…', <Building2 size={14} aria-hidden="true" />)}
      </BulkBar>
      {(shown === 'shutdown' || shown === 'force-off') && <BulkPowerDialog {...dialog} action={shown} />}
      {shown === 'snapshot' && <BulkSnapshotDialog {...dialog} />}
      {shown === 'migrate' && <BulkMigrateDialog {...dialog} />}
      {shown === 'tag' && <BulkTagDialog {...dialog} />}
      {shown === 'assign' && <BulkAssignDialog {...dialog} />}
    </>
  )
}
