import { vmStates } from './vm.ts'

/**
 * The typed filter of the fleet list: `state:running site:oslo tag:prod mem>256 -tenant:acme web`.
 * Terms are joined by "and"; several values of one key, as in `state:running,paused`, by "or"; a leading minus negates;
 * a bare word is looked for in names and addresses. Sizes are MiB unless a unit follows (`mem>=2GiB`).
 * A key may also be called what its column is called.
 */
export const textKeys = ['state', 'site', 'host', 'tenant', 'tag', 'name', 'ip', 'is'] as const
export const numberKeys = ['mem', 'vcpu', 'disk', 'cpu'] as const
export type FilterKey = (typeof textKeys)[number] | (typeof numberKeys)[number]
export type TextKey = (typeof textKeys)[number]
export type NumberKey = (typeof numberKeys)[number]

const columnWords: ReadonlyMap<string, FilterKey> = new Map([
  ['memory', 'mem'],
  ['ram', 'mem'],
  ['vcpus', 'vcpu'],
  ['address', 'ip'],
  ['tags', 'tag'],
])
const filterKeys: readonly FilterKey[] = [...textKeys, ...numberKeys]
/** Every word that stands for a key. */
export const keyWords: readonly string[] = [...filterKeys, ...columnWords.keys()]

export function filterKey(typed: string): FilterKey | undefined {
  const word = typed.toLowerCase()
  return columnWords.get(word) ?? filterKeys.find((key) => key === word)
}

const isNumberKey = (key: FilterKey): key is NumberKey => numberKeys.some((known) => known === key)
/** How a term of the key begins. */
export const keyStart = (key: FilterKey) => (isNumberKey(key) ? `${key}>` : `${key}:`)

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

/** How many letters must be put in, taken out or changed. */
function letterDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, length) => length)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (let at = 0; at < other.length; at += 1) {
      const changed = (row[at] ?? 0) + (letter === other[at] ? 0 : 1)
      next.push(Math.min(changed, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}

/** The key that was meant: one that is begun by what was typed or begins it, else one a letter or two away. */
function nearestKey(typed: string): FilterKey | undefined {
  const begun = keyWords.find((word) => word.startsWith(typed) || (word.length > 2 && typed.startsWith(word)))
  if (begun) return filterKey(begun)
  const [nearest] = keyWords
    .map((word) => ({ word, distance: letterDistance(typed, word) }))
    .filter(({ word, distance }) => distance <= 2 && distance <= word.length / 2)
    .sort((a, b) => a.distance - b.distance)
  return nearest && filterKey(nearest.word)
}

function noSuchKey(typed: string): string {
  const nearest = nearestKey(typed)
  const wayOut = nearest ? `Did you mean ${keyStart(nearest)}…?` : `Known: ${filterKeys.join(', ')}`
  return `There is no key "${typed}", so this is left out. ${wayOut}`
}

/** Also what others call a VM that is off. */
const stateWords: ReadonlyMap<string, string> = new Map([
  ...vmStates.map((state) => [state, state] as const),
  ...['stopped', 'shutoff', 'shut_off'].map((word) => [word, 'off'] as const),
])
const stateOf = (typed: string) => stateWords.get(typed.toLowerCase().replaceAll('-', '_'))

/** What is wrong with a value of a key that knows its values. */
function strangeValue(key: TextKey, values: readonly string[]): string | undefined {
  if (key === 'is' && values.some((value) => !(isWords as readonly string[]).includes(value))) {
    return `is: knows ${isWords.join(', ')}`
  }
  const strange = key === 'state' ? values.find((value) => !stateOf(value)) : undefined
  return strange && `There is no state "${strange}", so this is left out. Known: ${vmStates.join(', ')}`
}

const joiningWords: ReadonlyMap<string, string> = new Map([
  ['AND', 'Words are joined by "and" already: leave AND out, or look for it as "AND"'],
  ['OR', 'OR is left out. For either of two values write them with a comma, as in state:running,paused'],
  ['NOT', 'NOT is left out. Write a minus before what shall not be, as in -state:off'],
])

function parseTerm(typed: string): { term: FilterTerm } | { problem: string } {
  const joining = joiningWords.get(typed)
  if (joining) return { problem: joining }
  const negated = typed.startsWith('-') && typed.length > 1
  const text = negated ? typed.slice(1) : typed
  const match = /^([a-z]+)(:|>=|<=|>|<|=)(.*)$/i.exec(text)
  if (!match || text.startsWith('"')) return { term: { kind: 'word', value: unquoted(text), negated } }
  const [, rawKey = '', operator = '', rawValue = ''] = match
  const key = filterKey(rawKey)
  if (!key) return { problem: noSuchKey(rawKey.toLowerCase()) }
  if (isNumberKey(key)) {
    const comparison = (operator === ':' ? '=' : operator) as Comparison
    const value = parseNumber(key, unquoted(rawValue))
    if (value === null) return { problem: `${key} needs a number, as in ${key}>${key === 'vcpu' ? '2' : '256'}` }
    return { term: { kind: 'number', key, comparison, value, negated } }
  }
  if (operator !== ':' && operator !== '=') return { problem: `${key} takes a word after a colon, as in ${key}:…` }
  const values = rawValue.split(',').map(unquoted).filter(Boolean)
  if (values.length === 0) return { problem: `${key}: needs a value` }
  const problem = strangeValue(key, values)
  if (problem) return { problem }
  const known = key === 'state' ? values.map((value) => stateOf(value) ?? value) : values
  return { term: { kind: 'text', key, values: known, negated } }
}

/** Splits and understands a typed filter. Never throws: what can't be understood is a token with a problem. */
export function parseFilter(text: string): FilterToken[] {
  const tokens = [...text.matchAll(termPattern)].map((match): FilterToken => {
    const typed = match[0]
    const parsed = parseTerm(typed)
    const place = { start: match.index, end: match.index + typed.length, text: typed }
    return 'term' in parsed
      ? { ...place, term: parsed.term, problem: null }
      : { ...place, term: null, problem: parsed.problem }
  })
  return tokens.map((token, index) => {
    const problem = joiningProblem(token, tokens[index - 1], tokens[index + 1])
    return problem ? { ...token, term: null, problem } : token
  })
}

/** A small "or" may be looked for, but hardly beside a term that has a key. */
function joiningProblem({ text }: FilterToken, before?: FilterToken, after?: FilterToken): string | undefined {
  if (
    ![before, after].every(Boolean) ||
    ![before, after].some((beside) => beside?.term && beside.term.kind !== 'word')
  ) {
    return undefined
  }
  return ['and', 'or'].includes(text) ? joiningWords.get(text.toUpperCase()) : undefined
}

export const filterTerms = (text: string): FilterTerm[] => parseFilter(text).flatMap((token) => token.term ?? [])
