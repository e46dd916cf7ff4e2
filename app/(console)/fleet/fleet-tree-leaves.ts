import { formatCount } from '#components/ui/format.ts'
import type { TreeNode } from '#components/ui/tree-flatten.ts'
import { vmLook } from '#components/vm/vm-state.ts'
import type { VmRow } from '#server/schema/vm.ts'

/** A tree node's id says which filter term it stands for: "site:oslo". */
export const nodeTerm = (id: string): { key: string; value: string } | null => {
  const [key, ...value] = id.split(':')
  return key && value.length > 0 && !noTerms.has(key) ? { key, value: value.join(':') } : null
}

const noTerms: ReadonlySet<string> = new Set(['vm', 'kind', 'reading', 'unread', 'more'])

/** The node's parent, if it is the line that leads to those of its VMs that the tree leaves out. */
export const moreOf = (id: string): string | undefined => (id.startsWith('more:') ? id.slice(5) : undefined)
/** The node's parent, if it is the line that says that its VMs could not be read. */
export const unreadOf = (id: string): string | undefined => (id.startsWith('unread:') ? id.slice(7) : undefined)

/** The VMs of an open node, as far as they were read. */
export interface Leaves {
  rows: readonly VmRow[] | undefined
  /** There are more than a tree is good for */
  hasMore: boolean
  isFailed: boolean
}

/** The lines below an open node: its VMs, or what became of reading them. */
export function vmNodes(parentId: string, leaves: Leaves | undefined, vms: number): TreeNode[] {
  if (!leaves) return []
  const { rows, hasMore, isFailed } = leaves
  if (isFailed && !rows) {
    return [{ id: `unread:${parentId}`, label: 'Could not be read: try again', state: 'failed' }]
  }
  if (!rows) return [{ id: `reading:${parentId}`, label: 'Reading…' }]
  const nodes: TreeNode[] = rows.map((vm) => ({
    id: `vm:${vm.id}`,
    label: vm.name,
    state: vmLook(vm.state, vm.operation, vm.stateReason).look,
    href: `/vms/${vm.id}`,
  }))
  if (!hasMore) return nodes
  const left = vms > rows.length ? `${formatCount(vms - rows.length)} more` : 'More'
  return [...nodes, { id: `more:${parentId}`, label: `${left}: see the table` }]
}
