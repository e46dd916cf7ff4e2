'use client'

import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { cx } from './class-name.ts'

export interface TagProps {
  children: string
  /** Makes the tag a button, e.g. to filter by it. */
  onPress?: () => void
  onRemove?: () => void
  /** It gives way where there is no room for it. */
  isCut?: boolean
  className?: string
}

/** Letters that the widest chip has room for, whatever they are. */
const shortTag = 12

/** A tag chip. */
export function Tag({ children, onPress, onRemove, isCut, className }: TagProps) {
  const shape = 'inline-flex h-5 max-w-48 items-center rounded-full border border-line px-2 text-xs text-ink-muted'
  const text = isCut || children.length > shortTag ? <span className="truncate">{children}</span> : children
  if (onPress) {
    return (
      <button type="button" onClick={onPress} className={cx(shape, 'hover:bg-hover hover:text-ink', className)}>
        {text}
      </button>
    )
  }
  return (
    <span className={cx(shape, onRemove && 'pr-0.5', isCut && 'min-w-8', className)}>
      {text}
      {onRemove && (
        <button
          type="button"
          onClick={onRemove}
          aria-label={`Remove tag ${children}`}
          className="ml-0.5 flex size-4 items-center justify-center rounded-full hover:bg-active hover:text-ink"
        >
          <X size={11} aria-hidden="true" />
        </button>
      )}
    </span>
  )
}

export interface TagListProps {
  tags: readonly string[]
  /** Makes the list editable; gets the whole new list. */
  onChange?: (tags: string[]) => void
  /** Show this many, then "+3". */
  limit?: number
  /** Letters that there is surely room for: of more, the last tag shown is cut with dots. */
  roomLetters?: number
  /** Why the tags can't be edited now. */
  disabledReason?: string
  className?: string
}

/** Tags in a row. Editable: type and Enter or comma adds, Backspace in the empty field removes the last. */
export function TagList({ tags, onChange, limit, roomLetters, disabledReason, className }: TagListProps) {
  const shown = limit === undefined ? tags : tags.slice(0, limit)
  const canEdit = onChange && !disabledReason
  const more = tags.length > shown.length ? ` +${tags.length - shown.length}` : ''
  const isTight = roomLetters !== undefined && (shown.join('') + more).length > roomLetters
  return (
    <span
      title={isTight ? tags.join(', ') : undefined}
      className={cx('flex min-w-0 items-center gap-1', limit === undefined && 'flex-wrap', className)}
    >
      {shown.map((tag, place) => (
        // Where nobody edits them, the next row's tags take the elements of those before, as its cells do.
        <Tag
          key={canEdit ? tag : place}
          isCut={isTight && place === shown.length - 1}
          onRemove={canEdit ? () => onChange(tags.filter((other) => other !== tag)) : undefined}
        >
          {tag}
        </Tag>
      ))}
      {more && (
        <span title={tags.slice(shown.length).join(', ')} className="shrink-0 text-xs text-ink-faint">
          {more}
        </span>
      )}
      {!onChange && tags.length === 0 && <span className="text-ink-faint">–</span>}
      {canEdit && <TagInput tags={tags} onChange={onChange} />}
      {onChange && disabledReason && <span className="text-xs text-ink-faint">{disabledReason}</span>}
    </span>
  )
}

function TagInput({ tags, onChange }: { tags: readonly string[]; onChange: (tags: string[]) => void }) {
  const [text, setText] = useState('')
  const add = () => {
    const tag = text.trim().toLowerCase()
    if (tag && !tags.includes(tag)) onChange([...tags, tag])
    setText('')
  }
  return (
    <span className="inline-flex h-5 items-center gap-0.5 rounded-full border border-line border-dashed pr-1 pl-1.5 focus-within:border-focus focus-within:focus-ring focus-within:-outline-offset-1">
      <Plus size={11} aria-hidden="true" className="text-ink-faint" />
      <input
        aria-label="Add a tag"
        value={text}
        placeholder="Add tag"
        onChange={(event) => setText(event.target.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === ',') {
            event.preventDefault()
            add()
          } else if (event.key === 'Backspace' && text === '') {
            onChange(tags.slice(0, -1))
          } else if (event.key === 'Escape') {
            setText('')
          }
        }}
        className="w-16 bg-transparent text-xs text-ink outline-none placeholder:text-ink-faint"
      />
    </span>
  )
}
