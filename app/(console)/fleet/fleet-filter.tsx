'use client'

import { useMemo, useRef, useState } from 'react'
import { FilterField } from '#components/ui/filter-field.tsx'
import type { FilterToken as ColouredToken, FilterSuggestion } from '#components/ui/filter-token.ts'
import { filterKey, isWords, keyStart, keyWords, parseFilter } from '#server/schema/filter.ts'
import { vmStates } from '#server/schema/vm.ts'
import type { PlaceNames } from './place-names.ts'
import { useSlash } from './use-slash.ts'

const grammar = [
  { key: 'state', example: 'state:running,paused', description: 'One or several states' },
  { key: 'site', example: 'site:oslo', description: 'Where it runs; also host: and tenant:' },
  { key: 'tag', example: 'tag:prod', description: 'Carries a tag' },
  { key: 'mem', example: 'mem>256', description: 'MiB, or with a unit: mem>=2GiB; also disk, vcpu, cpu' },
  { key: 'is', example: 'is:protected', description: isWords.join(', ') },
  { key: '-', example: '-state:off', description: 'Everything but' },
]

/** Cuts a term into the pieces that are coloured. */
function coloured(text: string): ColouredToken[] {
  return parseFilter(text).flatMap((token): ColouredToken[] => {
    if (token.problem) return [{ start: token.start, end: token.end, kind: 'error', message: token.problem }]
    if (token.term?.kind === 'word') return [{ start: token.start, end: token.end, kind: 'text' }]
    const match = /^(-?[a-z]+)(:|>=|<=|>|<|=)/i.exec(token.text)
    if (!match) return []
    const keyEnd = token.start + (match[1]?.length ?? 0)
    const operatorEnd = token.start + match[0].length
    return [
      { start: token.start, end: keyEnd, kind: 'key' },
      { start: keyEnd, end: operatorEnd, kind: 'operator' },
      { start: operatorEnd, end: token.end, kind: 'value' },
    ]
  })
}

function valuesOf(typedKey: string, places: PlaceNames | undefined): readonly string[] {
  const key = filterKey(typedKey)
  if (key === 'state') return vmStates
  if (key === 'is') return isWords
  if (key === 'site') return places?.sites.map((site) => site.name) ?? []
  if (key === 'host') return places?.hosts.map((host) => host.name) ?? []
  if (key === 'tenant') return places?.tenants.map((tenant) => tenant.name) ?? []
  if (key === 'tag') return places?.tags ?? []
  return []
}

/** Completions for the word the caret stands in: keys first, then the values of the key. */
function suggest(text: string, caret: number, places: PlaceNames | undefined): FilterSuggestion[] {
  const start = text.lastIndexOf(' ', caret - 1) + 1
  const typed = text.slice(start, caret).replace(/^-/, '')
  const begin = text[start] === '-' ? start + 1 : start
  if (typed === '') return []
  const [key = '', value] = typed.split(':')
  if (value === undefined) {
    const keys = keyWords
      .filter((word) => word.startsWith(typed.toLowerCase()))
      .flatMap((word) => filterKey(word) ?? [])
    return [...new Set(keys)]
      .map(keyStart)
      .map((known) => ({ id: known, text: known, replaceStart: begin, replaceEnd: caret, label: known }))
  }
  return valuesOf(key, places)
    .filter((known) => known.toLowerCase().startsWith(value.toLowerCase()) && known !== value)
    .slice(0, 12)
    .map((known) => {
      const quoted = /\s/.test(known) ? `"${known}"` : known
      return { id: known, text: `${key}:${quoted}`, replaceStart: begin, replaceEnd: caret, label: known, detail: key }
    })
}

export interface FleetFilterProps {
  value: string
  onChange: (value: string) => void
  places: PlaceNames | undefined
}

/** The typed filter with completions from the fleet; `/` goes there from anywhere on the page. */
export function FleetFilter({ value, onChange, places }: FleetFilterProps) {
  const [caret, setCaret] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  useSlash(() => input.current?.focus())
  const tokens = useMemo(() => coloured(value), [value])
  const suggestions = useMemo(() => suggest(value, caret, places), [value, caret, places])
  return (
    <FilterField
      label="Filter VMs"
      value={value}
      onChange={onChange}
      tokens={tokens}
      suggestions={suggestions}
      onCaretChange={setCaret}
      grammar={grammar}
      placeholder="Filter: state:running site:oslo tag:prod mem>256"
      shortcut="/"
      inputRef={input}
      className="min-w-36 flex-1"
    />
  )
}
