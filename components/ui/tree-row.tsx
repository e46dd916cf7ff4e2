'use client'

import { ChevronRight } from 'lucide-react'
import NextLink from 'next/link'
import { memo } from 'react'
import { cx } from './class-name.ts'
import { stateWord } from './state.ts'
import { StateIcon } from './state-icon.tsx'
import type { TreeNode } from './tree-flatten.ts'

export interface TreeRowProps {
  domId: string
  node: TreeNode
  level: number
  position: number
  siblingCount: number
  index: number
  topPx: number
  heightPx: number
  isExpanded: boolean
  isSelected: boolean
  isActive: boolean
}

/** One line of a TreeView; the tree listens for all of them. */
export const TreeRow = memo(function TreeRow(props: TreeRowProps) {
  const { node, level, isExpanded, isSelected, isActive } = props
  const isBranch = node.children !== undefined
  const content = (
    <>
      {node.icon && <span className="flex shrink-0 text-ink-faint">{node.icon}</span>}
      <span className="flex min-w-0 flex-1 items-center gap-1.5">
        <span className="truncate">{node.label}</span>
        {node.badge}
      </span>
      {node.count !== undefined && <span className="shrink-0 text-xs text-ink-faint">{node.count}</span>}
      {node.state && <StateIcon state={node.state} sizePx={10} label={stateWord[node.state]} />}
    </>
  )
  const labelClassName = 'flex h-full min-w-0 flex-1 items-center gap-1.5 pr-2 outline-none'
  return (
    <div
      id={props.domId}
      role="treeitem"
      tabIndex={-1}
      data-index={props.index}
      aria-level={level}
      aria-posinset={props.position}
      aria-setsize={props.siblingCount}
      aria-expanded={isBranch ? isExpanded : undefined}
      aria-selected={isSelected}
      className={cx(
        'absolute top-0 left-0 flex w-full items-center rounded-sm text-sm outline-none',
        isSelected ? 'bg-active font-medium text-ink' : 'text-ink hover:bg-hover',
        isActive && 'group-focus-visible/tree:focus-ring group-focus-visible/tree:-outline-offset-2',
      )}
      style={{ height: props.heightPx, transform: `translateY(${props.topPx}px)`, paddingLeft: (level - 1) * 14 }}
    >
      <span
        data-part={isBranch ? 'toggle' : undefined}
        className="flex h-full w-5 shrink-0 items-center justify-center text-ink-faint"
      >
        {isBranch && (
          <ChevronRight
            size={13}
            aria-hidden="true"
            className={cx('transition-transform duration-100', isExpanded && 'rotate-90')}
          />
        )}
      </span>
      {node.href ? (
        <NextLink href={node.href} prefetch={false} tabIndex={-1} data-part="label" className={labelClassName}>
          {content}
        </NextLink>
      ) : (
        <span data-part="label" className={labelClassName}>
          {content}
        </span>
      )}
    </div>
  )
})
