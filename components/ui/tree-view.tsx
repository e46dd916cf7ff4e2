'use client'

import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type MouseEvent, memo, type ReactNode, useId, useMemo, useRef, useState } from 'react'
import { cx } from './class-name.ts'
import { ErrorMessage, type ErrorMessageProps } from './error-message.tsx'
import type { MenuGroup } from './menu.tsx'
import { type MenuAnchor, RowMenu } from './row-menu.tsx'
import { SkeletonRows } from './skeleton.tsx'
import { findByPrefix, flattenTree, nearestOf, type TreeNode, trailOf } from './tree-flatten.ts'
import { TreeRow } from './tree-row.tsx'

export interface TreeViewProps {
  label: string
  nodes: readonly TreeNode[]
  expanded: ReadonlySet<string>
  onExpandedChange: (expanded: ReadonlySet<string>) => void
  /** The node of the page in view. */
  selectedId?: string
  /** A node without `href` was chosen. */
  onSelect?: (node: TreeNode) => void
  /** Commands on right click and the menu key. */
  nodeMenu?: (node: TreeNode) => readonly MenuGroup[]
  isLoading?: boolean
  error?: ErrorMessageProps | null
  empty?: ReactNode
  className?: string
}

const nodeHeightPx = 28
const typePauseMs = 600

function TreeViewInner(props: TreeViewProps) {
  const { label, nodes, expanded, onExpandedChange, selectedId, nodeMenu, className } = props
  const idPrefix = useId()
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  // With what it stands in: when a node goes, the one around it takes its place.
  const [trail, setTrail] = useState<readonly string[]>(selectedId === undefined ? [] : [selectedId])
  const [menu, setMenu] = useState<{ node: TreeNode; anchor: MenuAnchor } | null>(null)
  const typed = useRef({ text: '', atMs: 0 })
  const flat = useMemo(() => flattenTree(nodes, expanded), [nodes, expanded])
  const activeIndex = useMemo(() => nearestOf(flat, trail), [flat, trail])
  const activeId = flat[activeIndex]?.node.id
  const activate = (index: number) => setTrail(trailOf(flat, index))

  const virtualizer = useVirtualizer({
    count: flat.length,
    getScrollElement: () => scroller,
    estimateSize: () => nodeHeightPx,
    overscan: 12,
    getItemKey: (index) => flat[index]?.node.id ?? index,
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range)
      return activeIndex >= 0 && !indexes.includes(activeIndex) ? [...indexes, activeIndex] : indexes
    },
  })

  const moveTo = (index: number) => {
    const goal = Math.max(0, Math.min(flat.length - 1, index))
    activate(goal)
    virtualizer.scrollToIndex(goal)
  }
  const setOpen = (ids: readonly string[], isOpen: boolean) => {
    const next = new Set(expanded)
    for (const id of ids) {
      if (isOpen) next.add(id)
      else next.delete(id)
    }
    onExpandedChange(next)
  }
  const openMenu = (node: TreeNode, anchor: MenuAnchor) => nodeMenu && setMenu({ node, anchor })

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const active = flat[activeIndex]
    const isOpen = active?.node.children !== undefined && expanded.has(active.node.id)
    const element = document.getElementById(`${idPrefix}-${activeId}`)
    const move: Record<string, number> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      Home: 0,
      End: flat.length - 1,
    }
    const goal = move[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (goal !== undefined) moveTo(goal)
    else if (!active) return
    else if (event.key === 'ArrowRight' && active.node.children)
      isOpen ? moveTo(activeIndex + 1) : setOpen([active.node.id], true)
    else if (event.key === 'ArrowLeft')
      isOpen ? setOpen([active.node.id], false) : active.parentIndex >= 0 && moveTo(active.parentIndex)
    else if (event.key === 'Enter' || event.key === ' ')
      element?.querySelector<HTMLElement>('[data-part=label]')?.click()
    else if (event.key === '*') {
      setOpen(
        flat
          .filter((other) => other.parentIndex === active.parentIndex && other.node.children)
          .map(({ node }) => node.id),
        true,
      )
    } else if ((event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) && element) {
      const box = element.getBoundingClientRect()
      openMenu(active.node, { xPx: box.left + 24, yPx: box.bottom, side: 'start' })
    } else if (event.key.length === 1) {
      const now = performance.now()
      const text = now - typed.current.atMs < typePauseMs ? typed.current.text + event.key : event.key
      typed.current = { text, atMs: now }
      const found = findByPrefix(flat, activeIndex, text)
      if (found >= 0) moveTo(found)
    } else return
    event.preventDefault()
  }
  /** The node that was pressed, which becomes the active one. */
  const activateUnder = (event: MouseEvent) => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[role=treeitem]') : null
    const index = row ? Number(row.dataset.index) : -1
    if (index >= 0) activate(index)
    return flat[index]?.node
  }
  const onClick = (event: MouseEvent) => {
    const node = activateUnder(event)
    if (!node || !(event.target instanceof Element)) return
    const part = event.target.closest<HTMLElement>('[data-part]')?.dataset.part
    if (part === 'toggle') setOpen([node.id], !expanded.has(node.id))
    else if (!node.href && props.onSelect) props.onSelect(node)
    else if (!node.href && node.children) setOpen([node.id], !expanded.has(node.id))
  }

  if (props.error) return <ErrorMessage variant="page" {...props.error} />
  if (props.isLoading && nodes.length === 0) return <SkeletonRows rows={8} label={`Loading ${label}`} />
  if (nodes.length === 0) return props.empty ?? null
  return (
    <>
      <div
        ref={setScroller}
        role="tree"
        tabIndex={0}
        aria-label={label}
        aria-activedescendant={activeIndex >= 0 ? `${idPrefix}-${activeId}` : undefined}
        onFocus={() => activeIndex < 0 && activate(Math.max(0, nearestOf(flat, selectedId ? [selectedId] : [])))}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onContextMenu={(event) => {
          const node = activateUnder(event)
          if (!node || !nodeMenu) return
          event.preventDefault()
          openMenu(node, { xPx: event.clientX, yPx: event.clientY, side: 'start' })
        }}
        className={cx(
          'group/tree min-h-0 flex-1 overflow-auto px-1.5 py-1 outline-none focus-visible:outline-none',
          className,
        )}
      >
        <div role="presentation" className="relative" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const entry = flat[item.index]
            return (
              entry && (
                <TreeRow
                  key={item.key}
                  domId={`${idPrefix}-${entry.node.id}`}
                  node={entry.node}
                  level={entry.level}
                  position={entry.position}
                  siblingCount={entry.siblingCount}
                  index={item.index}
                  topPx={item.start}
                  heightPx={nodeHeightPx}
                  isExpanded={expanded.has(entry.node.id)}
                  isSelected={entry.node.id === selectedId}
                  isActive={item.index === activeIndex}
                />
              )
            )
          })}
        </div>
      </div>
      {menu && nodeMenu && (
        <RowMenu
          label={`Commands for ${menu.node.label}`}
          groups={nodeMenu(menu.node)}
          anchor={menu.anchor}
          onClose={() => setMenu(null)}
        />
      )}
    </>
  )
}

/**
 * A tree of any size, drawn only where it is seen, in a box that scrolls. Keys: Up and Down move, Right opens or goes
 * in, Left closes or goes out, `*` opens the siblings, letters jump, Enter goes there.
 */
export const TreeView = memo(TreeViewInner)
