import { Prisma } from '#prisma/generated/client.ts'
import type { Tx } from '#server/db.ts'
import type { Comparison, FilterTerm, IsWord, NumberKey, TextKey } from '#server/schema/filter.ts'
import { liveStatesSql } from './live-state.ts'
import { addressLike, anyId, mayBeAddress, nameLike, searchTerm } from './vm-search.ts'

const any = (values: string[]) => Prisma.sql`ANY (${values}::text[])`
const lower = (values: string[]) => values.map((value) => value.toLowerCase())

type Reference = 'site' | 'host' | 'tenant' | 'busy'

/** How to find what a filter names; ids of tenants are text. */
const references: Record<Reference, { column: Prisma.Sql; type: Prisma.Sql; ids: (names: string[]) => Prisma.Sql }> = {
  site: {
    column: Prisma.sql`vm.site_id`,
    type: Prisma.sql`uuid[]`,
    ids: (names) => Prisma.sql`SELECT id::text FROM site WHERE lower(name) = ${any(names)} OR slug = ${any(names)}`,
  },
  host: {
    column: Prisma.sql`vm.host_id`,
    type: Prisma.sql`uuid[]`,
    ids: (names) => Prisma.sql`SELECT id::text FROM host WHERE lower(name) = ${any(names)}`,
  },
  tenant: {
    column: Prisma.sql`vm.tenant_id`,
    type: Prisma.sql`text[]`,
    ids: (names) => Prisma.sql`SELECT id FROM tenant WHERE lower(name) = ${any(names)} OR slug = ${any(names)}`,
  },
  busy: {
    column: Prisma.sql`vm.id`,
    type: Prisma.sql`uuid[]`,
    ids: () => Prisma.sql`SELECT DISTINCT target_id AS id FROM operation
      WHERE target_kind = 'vm' AND state IN (${liveStatesSql})`,
  },
}

/** Looked up before the page is asked for: only with the ids themselves can Postgres tell how many VMs have them. */
async function refers(tx: Tx, reference: Reference, names: string[]): Promise<Prisma.Sql> {
  const { column, type, ids } = references[reference]
  const found = await tx.$queryRaw<{ id: string }[]>`${ids(lower(names))}`
  return Prisma.sql`${column} = ANY (${found.map(({ id }) => id)}::${type})`
}

const isCondition: Record<Exclude<IsWord, 'busy'>, Prisma.Sql> = {
  protected: Prisma.sql`vm.protected`,
  simulated: Prisma.sql`EXISTS (SELECT 1 FROM host WHERE host.id = vm.host_id AND host.simulated)`,
  unassigned: Prisma.sql`vm.tenant_id IS NULL`,
  agent: Prisma.sql`vm.agent_connected`,
}

/** Folded by Postgres, as the names are. */
const foldedLike = (value: string) => Prisma.sql`lower(${nameLike(value)}::text)`

const textCondition: Record<Exclude<TextKey, 'is' | Reference>, (values: string[]) => Prisma.Sql> = {
  state: (values) => Prisma.sql`vm.state = ${any(values)}`,
  tag: (values) => Prisma.sql`vm.tags && ${values}::text[]`,
  name: (values) => Prisma.sql`vm.name_folded LIKE ANY (ARRAY[${Prisma.join(values.map(foldedLike))}])`,
  ip: (values) => Prisma.sql`' ' || array_to_string(vm.addresses, ' ') LIKE ANY (${values.map(addressLike)}::text[])`,
}

const numberColumn: Record<Exclude<NumberKey, 'cpu'>, Prisma.Sql> = {
  mem: Prisma.sql`vm.memory_bytes`,
  vcpu: Prisma.sql`vm.vcpu_count`,
  disk: Prisma.sql`vm.disk_bytes`,
}

const operators: Record<Comparison, Prisma.Sql> = {
  '>': Prisma.sql`>`,
  '>=': Prisma.sql`>=`,
  '<': Prisma.sql`<`,
  '<=': Prisma.sql`<=`,
  '=': Prisma.sql`=`,
}

const reads = (comparison: Comparison, value: number) => Prisma.sql`EXISTS (SELECT 1 FROM vm_stat
  WHERE vm_stat.vm_id = vm.id AND vm_stat.cpu_usage ${operators[comparison]} ${value}::float8)`

/** A VM without a reading uses nothing. */
function cpuCondition(comparison: Comparison, value: number): Prisma.Sql {
  if (comparison === '<') return Prisma.sql`NOT ${reads('>=', value)}`
  if (comparison === '<=') return Prisma.sql`NOT ${reads('>', value)}`
  if (value > 0 || comparison === '>') return reads(comparison, value)
  return comparison === '=' ? Prisma.sql`NOT ${reads('>', 0)}` : Prisma.sql`true`
}

const isWord = (tx: Tx, word: IsWord) => (word === 'busy' ? refers(tx, 'busy', []) : isCondition[word])

async function condition(tx: Tx, term: FilterTerm): Promise<Prisma.Sql> {
  if (term.kind === 'word') {
    const named = textCondition.name([term.value])
    return mayBeAddress(term.value) ? Prisma.sql`(${named} OR ${textCondition.ip([term.value])})` : named
  }
  if (term.kind === 'number') {
    if (term.key === 'cpu') return cpuCondition(term.comparison, term.value)
    return Prisma.sql`${numberColumn[term.key]} ${operators[term.comparison]} ${Math.round(term.value)}::bigint`
  }
  const { key, values } = term
  if (key === 'site' || key === 'host' || key === 'tenant') return refers(tx, key, values)
  if (key !== 'is') return textCondition[key](values)
  const words: Prisma.Sql[] = []
  for (const value of values) words.push(await isWord(tx, value as IsWord))
  return Prisma.sql`(${Prisma.join(words, ' OR ')})`
}

/** A term as a condition, and whether it leaves only a few, which then are named by their ids. */
async function sought(tx: Tx, term: FilterTerm): Promise<{ wanted: Prisma.Sql; isRare: boolean }> {
  const found = await searchTerm(tx, term)
  if (found === 'unknown') return { wanted: await condition(tx, term), isRare: false }
  if (found !== 'many') return { wanted: anyId(found.ids), isRare: true }
  const wanted = await condition(tx, term)
  // Postgres knows how many names and tags fit, but takes every address for rare; of what is wrapped it assumes half.
  const isUnknown = term.kind === 'text' && term.key === 'ip'
  return { wanted: isUnknown ? Prisma.sql`coalesce(${wanted}, false)` : wanted, isRare: false }
}

/** A filter as SQL conditions over the table `vm`, for the scope of the transaction. */
export interface VmFilter {
  condition: Prisma.Sql
  /** The same in two: what an index of names tells alone, and what is beside it; unless a term leaves only a few. */
  parts: { named: Prisma.Sql; rest: Prisma.Sql } | null
}

const joined = (conditions: Prisma.Sql[]) =>
  conditions.length === 0 ? Prisma.sql`true` : Prisma.join(conditions, ' AND ')

const isOfName = (term: FilterTerm) =>
  !term.negated &&
  ((term.kind === 'text' && term.key === 'name') || (term.kind === 'word' && !mayBeAddress(term.value)))

export async function vmFilter(tx: Tx, terms: FilterTerm[]): Promise<VmFilter> {
  const named: Prisma.Sql[] = []
  const rest: Prisma.Sql[] = []
  let isRare = false
  for (const term of terms) {
    // One rare term is enough; the others are looked at in what it leaves.
    const { wanted, ...found } = isRare ? { wanted: await condition(tx, term), isRare } : await sought(tx, term)
    isRare = found.isRare
    const sql = term.negated ? Prisma.sql`(${wanted}) IS NOT TRUE` : wanted
    ;(isOfName(term) ? named : rest).push(sql)
  }
  const isSplit = !isRare && named.length > 0 && rest.length > 0
  return {
    condition: joined([...named, ...rest]),
    parts: isSplit ? { named: joined(named), rest: joined(rest) } : null,
  }
}
