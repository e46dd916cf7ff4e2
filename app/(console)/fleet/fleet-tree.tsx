'use client'

import { useQueries, useQuery } from '@tanstack/react-query'
import { memo, useMemo, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { SegmentedControl } from '#components/ui/segmented-control.tsx'
import type { TreeNode } from '#components/ui/tree-flatten.ts'
import { TreeView } from '#components/ui/tree-view.tsx'
import { useStable } from '#components/ui/use-stable.ts'
import type { VmPage } from '#server/schema/vm.ts'
import { type Grouping, withTerm } from './fleet-query.ts'
import { moreOf, nodeTerm, unreadOf } from './fleet-tree-leaves.ts'
import { fleetNodes } from './fleet-tree-nodes.tsx'

const leavesPerNode = 500
const noTags = <EmptyState title="No tags yet" />
const nothing = <EmptyState title="Nothing here yet" />

export interface FleetTreeProps {
  grouping: Grouping
  onGroupingChange: (grouping: Grouping) => void
  filter: string
  onFilterChange: (filter: string) => void
}

/** The fleet as a tree beside its table: choosing a node narrows the table to it, opening one shows its VMs. */
export const FleetTree = memo(function FleetTree(props: FleetTreeProps) {
  const { grouping, onGroupingChange, filter, onFilterChange } = props
  const trpc = useTRPC()
  const places = useQuery(trpc.fleet.places.queryOptions())
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(
    new Set(['kind:region', 'kind:edge', 'kind:emulated_edge']),
  )
  const parents = useMemo(() => [...expanded].filter(hasVms), [expanded])
  const leaves = useQueries({
    queries: parents.map((id) => {
      const term = nodeTerm(id)
      const filter = term ? withTerm('', term.key, term.value) : ''
      return trpc.vm.list.queryOptions({ filter, limit: leavesPerNode }, { staleTime: 5_000 })
    }),
    combine: leavesOf,
  })
  const nodes = useMemo(() => {
    const ofParent = new Map(parents.flatMap((id, index) => (leaves[index] ? [[id, leaves[index]] as const] : [])))
    return places.data ? fleetNodes(places.data, grouping, ofParent) : []
  }, [places.data, grouping, leaves, parents])
  const failed = unread(places)
  const selected = parentsInFilter(filter)

  const choose = useStable(({ id }: TreeNode) => {
    const unreadParent = unreadOf(id)
    if (unreadParent) return void leaves[parents.indexOf(unreadParent)]?.readAgain()
    const term = nodeTerm(moreOf(id) ?? id)
    if (!term) return
    const cleared = ['site', 'host', 'tenant', 'tag', 'is'].reduce((text, key) => withTerm(text, key, null), filter)
    onFilterChange(selected === id ? cleared : withTerm(cleared, term.key, term.value))
  })
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex h-11 shrink-0 items-center border-b border-line px-2">
        <SegmentedControl
          label="Group the tree by"
          value={grouping}
          onChange={onGroupingChange}
          segments={[
            { id: 'place', label: 'Places' },
            { id: 'tenant', label: 'Tenants' },
            { id: 'tag', label: 'Tags' },
          ]}
        />
      </div>
      <TreeView
        label="Fleet"
        nodes={nodes}
        expanded={expanded}
        onExpandedChange={setExpanded}
        selectedId={selected}
        onSelect={choose}
        isLoading={places.isPending}
        error={failed && pageFailure('The tree could not be read', failed)}
        empty={grouping === 'tag' ? noTags : nothing}
        className="min-h-0 flex-1"
      />
    </div>
  )
})

function hasVms(nodeId: string): boolean {
  const term = nodeTerm(nodeId)
  return term !== null && term.key !== 'site'
}

const leavesOf = (results: { data?: VmPage; isError: boolean; refetch: () => unknown }[]) =>
  results.map(({ data, isError, refetch }) => ({
    rows: data?.rows,
    hasMore: Boolean(data?.nextCursor),
    isFailed: isError,
    readAgain: refetch,
  }))

/** The tree node that the filter stands on, if it stands on one. */
function parentsInFilter(filter: string): string | undefined {
  const match = /(?:^|\s)(host|site|tenant|tag|is):("[^"]*"|\S+)/.exec(filter)
  return match ? `${match[1]}:${match[2]?.replaceAll('"', '')}` : undefined
}
