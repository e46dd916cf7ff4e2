'use client'

import { ListFilter, X } from 'lucide-react'
import { type KeyboardEvent, type Ref, useEffect, useId, useRef, useState } from 'react'
import { cx } from './class-name.ts'
import { applySuggestion, type FilterSuggestion, type FilterToken, segmentFilter } from './filter-token.ts'
import { Kbd } from './kbd.tsx'
import { popoverClassName } from './popover-class.ts'
import { StateIcon } from './state-icon.tsx'

/** One word of the grammar, for the help under an empty field. */
export interface FilterKey {
  key: string
  /** e.g. "site:oslo". */
  example: string
  description: string
}

export interface FilterFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  /** Pieces of `value`, from its parser. */
  tokens: readonly FilterToken[]
  /** For the place of the caret, best first. */
  suggestions: readonly FilterSuggestion[]
  /** The caret moved: find suggestions for this place. */
  onCaretChange: (caret: number) => void
  grammar: readonly FilterKey[]
  /** Enter with no suggestion chosen. */
  onSubmit?: (value: string) => void
  placeholder?: string
  shortcut?: string
  inputRef?: Ref<HTMLInputElement>
  className?: string
}

const kindClass = {
  key: 'text-accent',
  operator: 'text-ink-faint',
  value: 'text-ink',
  text: 'text-ink',
  plain: 'text-ink',
  error: 'text-failed underline decoration-wavy decoration-failed underline-offset-2',
}

/** A typed filter: coloured as it is typed, with completions. Down chooses, Enter or Tab takes, Escape closes. */
export function FilterField(props: FilterFieldProps) {
  const { label, value, onChange, tokens, suggestions, onCaretChange, grammar, placeholder, className } = props
  const id = useId()
  const inputElement = useRef<HTMLInputElement | null>(null)
  const overlay = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  const [chosen, setChosen] = useState(-1)
  const isWrong = tokens.some((token) => token.kind === 'error')
  const messages = [...new Set(tokens.flatMap((token) => (token.kind === 'error' && token.message) || []))]
  const isSettled = useSettled(value)
  const isHelp = value.trim() === '' && suggestions.length === 0
  const isListOpen = isOpen && (suggestions.length > 0 || (isHelp && grammar.length > 0))
  const current = chosen < suggestions.length ? suggestions[chosen] : undefined

  const take = (suggestion: FilterSuggestion) => {
    const next = applySuggestion(value, suggestion)
    onChange(next.text)
    setChosen(-1)
    requestAnimationFrame(() => {
      inputElement.current?.setSelectionRange(next.caret, next.caret)
      onCaretChange(next.caret)
    })
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && suggestions.length > 0) {
      setOpen(true)
      setChosen((chosen + step + suggestions.length + (chosen < 0 && step < 0 ? 1 : 0)) % suggestions.length)
    } else if ((event.key === 'Enter' || event.key === 'Tab') && isListOpen && current) {
      take(current)
    } else if (event.key === 'Enter') {
      setOpen(false)
      props.onSubmit?.(value)
    } else if (event.key === 'Escape' && isListOpen) {
      setOpen(false)
    } else if (event.key === 'Escape' && value) {
      onChange('')
    } else return
    event.preventDefault()
  }
  const follow = () => {
    const input = inputElement.current
    if (!input) return
    if (overlay.current) overlay.current.scrollLeft = input.scrollLeft
    onCaretChange(input.selectionStart ?? input.value.length)
  }

  return (
    <div className={cx('relative min-w-0', className)}>
      <div
        className={cx(
          'group relative h-8 rounded-md border bg-surface focus-within:border-focus focus-within:focus-ring focus-within:-outline-offset-1',
          isWrong ? 'border-failed' : 'border-line-strong',
        )}
      >
        <ListFilter
          size={14}
          aria-hidden="true"
          className="pointer-events-none absolute top-2 left-2.5 text-ink-faint"
        />
        <div
          ref={overlay}
          aria-hidden="true"
          className="pointer-events-none absolute inset-y-0 right-8 left-8 overflow-hidden whitespace-pre font-mono text-xs leading-7.5"
        >
          {segmentFilter(value, tokens).map((segment) => (
            <span key={segment.start} className={kindClass[segment.kind]}>
              {segment.text}
            </span>
          ))}
        </div>
        <input
          ref={(element) => {
            inputElement.current = element
            if (typeof props.inputRef === 'function') props.inputRef(element)
            else if (props.inputRef) props.inputRef.current = element
          }}
          role="combobox"
          aria-label={label}
          aria-autocomplete="list"
          aria-expanded={isListOpen}
          aria-controls={`${id}-list`}
          aria-activedescendant={isListOpen && current ? `${id}-${current.id}` : undefined}
          aria-invalid={isWrong || undefined}
          aria-describedby={isWrong && isSettled ? `${id}-error` : undefined}
          value={value}
          placeholder={placeholder}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          onChange={(event) => {
            onChange(event.target.value)
            onCaretChange(event.target.selectionStart ?? event.target.value.length)
            setOpen(true)
            setChosen(-1)
          }}
          onSelect={follow}
          onScroll={follow}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
          className="absolute inset-y-0 right-8 left-8 bg-transparent font-mono text-transparent text-xs caret-ink outline-none placeholder:font-sans placeholder:text-ink-faint focus-visible:outline-none"
        />
        {value ? (
          <button
            type="button"
            aria-label="Clear the filter"
            onClick={() => onChange('')}
            className="absolute top-1 right-1 flex size-5.5 items-center justify-center rounded-sm text-ink-muted hover:bg-hover hover:text-ink"
          >
            <X size={13} aria-hidden="true" />
          </button>
        ) : (
          props.shortcut && <Kbd className="pointer-events-none absolute top-1.5 right-1.5">{props.shortcut}</Kbd>
        )}
      </div>
      <div id={`${id}-error`} role="status">
        {isSettled &&
          messages.map((message) => (
            <p key={message} className="flex items-center gap-1.5 px-1 pt-1 text-failed text-xs">
              <StateIcon state="failed" sizePx={11} /> {message}
            </p>
          ))}
      </div>
      {isListOpen && (
        <div
          className={cx(popoverClassName, 'absolute top-full left-0 z-20 mt-1 max-h-80 w-full min-w-72 animate-appear')}
        >
          {isHelp ? (
            <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 px-2 py-1.5 text-xs">
              {grammar.map((entry) => (
                <div key={entry.key} className="contents">
                  <dt className="font-mono text-accent">{entry.example}</dt>
                  <dd className="text-ink-muted">{entry.description}</dd>
                </div>
              ))}
            </dl>
          ) : (
            <SuggestionList id={id} suggestions={suggestions} chosenId={current?.id} onTake={take} label={label} />
          )}
        </div>
      )}
    </div>
  )
}

const pauseMs = 600

/** Whether nothing was typed for a moment: a term that is not finished yet is not called wrong. */
function useSettled(value: string): boolean {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs)
    return () => clearTimeout(timer)
  }, [value])
  return settled === value
}

function SuggestionList(props: {
  id: string
  label: string
  suggestions: readonly FilterSuggestion[]
  chosenId: string | undefined
  onTake: (suggestion: FilterSuggestion) => void
}) {
  return (
    <div id={`${props.id}-list`} role="listbox" aria-label={`Completions for ${props.label}`}>
      {props.suggestions.map((suggestion) => (
        <div
          key={suggestion.id}
          id={`${props.id}-${suggestion.id}`}
          role="option"
          tabIndex={-1}
          aria-selected={suggestion.id === props.chosenId}
          onMouseDown={(event) => {
            event.preventDefault()
            props.onTake(suggestion)
          }}
          className={cx(
            'flex h-7 items-center gap-3 rounded-sm px-2 text-xs hover:bg-hover',
            suggestion.id === props.chosenId && 'bg-active',
          )}
        >
          <span className="font-mono text-ink">{suggestion.label}</span>
          <span className="ml-auto truncate text-ink-faint">{suggestion.detail}</span>
        </div>
      ))}
    </div>
  )
}
