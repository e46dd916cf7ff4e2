import { z } from 'zod'

/**
 * The typed filter of the fleet list: `state:running site:oslo tag:prod mem>256 -tenant:acme web`.
 * Terms are joined by "and"; several values of one key, as in `state:running,paused`, by "or"; a leading minus negates;
 * a bare word is looked for in names and addresses. Sizes are MiB unless a unit follows (`mem>=2GiB`).
 */
export const textKeys = ['state', 'site', 'host', 'tenant', 'tag', 'name', 'ip', 'is'] as const
export const numberKeys = ['mem', 'vcpu', 'disk', 'cpu'] as const
export type TextKey = (typeof textKeys)[number]
export type NumberKey = (typeof numberKeys)[number]

export const isWords = ['protected', 'simulated', 'unassigned', 'busy', 'agent'] as const
export type IsWord = (typeof isWords)[number]

export const comparisons = ['>', '>=', '<', '<=', '='] as const
export type Comparison = (typeof comparisons)[number]

export type FilterTerm =
  | { kind: 'text'; key: TextKey; values: string[]; negated: boolean }
  /** `value` is bytes for mem and disk, a count for vcpu, 0..1 for cpu */
  | { kind: 'number'; key: NumberKey; comparison: Comparison; value: number; negated: boolean }
  | { kind: 'word'; value: string; negated: boolean }

/** One piece of what was typed, with its place in the text, for colouring and for saying what is wrong with it. */
export interface FilterToken {
  start: number
  end: number
  text: string
  term: FilterTerm | null
  problem: string | null
}

export const FilterText = z.string().max(500)

const termPattern = /-?(?:"[^"]*"?|[^\s"]|(?<=[:,])"[^"]*"?)+/g
const unitBytes: ReadonlyMap<string, number> = new Map([
  ['', 2 ** 20],
  ['k', 2 ** 10],
  ['kib', 2 ** 10],
  ['m', 2 ** 20],
  ['mib', 2 ** 20],
  ['g', 2 ** 30],
  ['gib', 2 ** 30],
  ['t', 2 ** 40],
  ['tib', 2 ** 40],
])

const unquoted = (text: string) => text.replaceAll('"', '')

function parseNumber(key: NumberKey, text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z%]*)$/i.exec(text)
  if (!match) return null
  const [, digits = '', unit = ''] = match
  const number = Number(digits)
  // The database counts in 64 bits.
  const inRange = (value: number) => (value <= Number.MAX_SAFE_INTEGER ? value : null)
  if (key === 'vcpu') return unit === '' ? inRange(number) : null
  if (key === 'cpu') return unit === '' || unit === '%' ? inRange(number / 100) : null
  const scale = unitBytes.get(unit.toLowerCase())
  return scale === undefined ? null : inRange(number * scale)
}

function parseTerm(typed: string): { term: FilterTerm } | { problem: string } {
  const negated = typed.startsWith('-') && typed.length > 1
  const text = negated ? typed.slice(1) : typed
  const match = /^([a-z]+)(:|>=|<=|>|<|=)(.*)$/i.exec(text)
  if (!match || text.startsWith('"')) return { term: { kind: 'word', value: unquoted(text), negated } }
  const [, rawKey = '', operator = '', rawValue = ''] = match
  const key = rawKey.toLowerCase()
  if ((numberKeys as readonly string[]).includes(key)) {
    const comparison = (operator === ':' ? '=' : operator) as Comparison
    const value = parseNumber(key as NumberKey, unquoted(rawValue))
    if (value === null) return { problem: `${key} needs a number, as in ${key}>${key === 'vcpu' ? '2' : '256'}` }
    return { term: { kind: 'number', key: key as NumberKey, comparison, value, negated } }
  }
  if (!(textKeys as readonly string[]).includes(key)) {
    return { problem: `There is no key "${key}". Known: ${[...textKeys, ...numberKeys].join(', ')}` }
  }
  if (operator !== ':' && operator !== '=') return { problem: `${key} takes a word after a colon, as in ${key}:…` }
  const values = rawValue.split(',').map(unquoted).filter(Boolean)
  if (values.length === 0) return { problem: `${key}: needs a value` }
  const strange = key === 'is' ? values.find((value) => !(isWords as readonly string[]).includes(value)) : undefined
  if (strange !== undefined) return { problem: `is: knows ${isWords.join(', ')}` }
  return { term: { kind: 'text', key: key as TextKey, values, negated } }
}

/** Splits and understands a typed filter. Never throws: what can't be understood is a token with a problem. */
export function parseFilter(text: string): FilterToken[] {
  return [...text.matchAll(termPattern)].map((match) => {
    const typed = match[0]
    const parsed = parseTerm(typed)
    const place = { start: match.index, end: match.index + typed.length, text: typed }
    return 'term' in parsed
      ? { ...place, term: parsed.term, problem: null }
      : { ...place, term: null, problem: parsed.problem }
  })
}

export const filterTerms = (text: string): FilterTerm[] => parseFilter(text).flatMap((token) => token.term ?? [])
