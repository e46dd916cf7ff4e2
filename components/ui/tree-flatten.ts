import type { ReactNode } from 'react'
import type { VisualState } from './state.ts'

/** One node of a TreeView. */
export interface TreeNode {
  id: string
  label: string
  icon?: ReactNode
  state?: VisualState
  /** A word after the label */
  badge?: ReactNode
  /** How many are inside, or anything short at the right end. */
  count?: ReactNode
  href?: string
  /** Present, even if empty, on what can be opened. */
  children?: readonly TreeNode[]
}

/** A node where it stands in the list of all that are open. */
export interface FlatNode {
  node: TreeNode
  /** 1 for the roots. */
  level: number
  /** Place among its siblings, from 1. */
  position: number
  siblingCount: number
  parentIndex: number
}

/** The nodes that can be seen, top to bottom, given which are open. */
export function flattenTree(nodes: readonly TreeNode[], expanded: ReadonlySet<string>): FlatNode[] {
  const flat: FlatNode[] = []
  const walk = (siblings: readonly TreeNode[], level: number, parentIndex: number) => {
    siblings.forEach((node, index) => {
      const ownIndex = flat.push({ node, level, position: index + 1, siblingCount: siblings.length, parentIndex }) - 1
      if (node.children && expanded.has(node.id)) walk(node.children, level + 1, ownIndex)
    })
  }
  walk(nodes, 1, -1)
  return flat
}

/** The node and those that it stands in, from the inside. */
export function trailOf(flat: readonly FlatNode[], index: number): string[] {
  const trail: string[] = []
  for (let at = flat[index]; at; at = flat[at.parentIndex]) trail.push(at.node.id)
  return trail
}

/** The first of a trail that can be seen; -1 without one. */
export function nearestOf(flat: readonly FlatNode[], trail: readonly string[]): number {
  for (const id of trail) {
    const index = flat.findIndex(({ node }) => node.id === id)
    if (index >= 0) return index
  }
  return -1
}

/** The next node after `from`, wrapping around, whose label starts with the typed letters; -1 without one. */
export function findByPrefix(flat: readonly FlatNode[], from: number, typed: string): number {
  const wanted = typed.toLowerCase()
  const start = typed.length > 1 ? from : from + 1
  for (let step = 0; step < flat.length; step += 1) {
    const index = (Math.max(0, start) + step) % flat.length
    if (flat[index]?.node.label.toLowerCase().startsWith(wanted)) return index
  }
  return -1
}
