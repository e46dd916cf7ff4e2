import { Prisma } from '#prisma/generated/client.ts'
import type { Comparison, FilterTerm, IsWord, NumberKey, TextKey } from '#server/schema/filter.ts'

const escaped = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&')
const like = (text: string) => `%${escaped(text)}%`
const any = (values: string[]) => Prisma.sql`ANY (${values}::text[])`
const lower = (values: string[]) => values.map((value) => value.toLowerCase())

/** Few ids, read once and before the VMs, so that an index on the column can serve. */
function among(column: Prisma.Sql, ids: Prisma.Sql) {
  return Prisma.sql`${column} = ANY (ARRAY(${ids}))`
}

const isCondition: Record<IsWord, Prisma.Sql> = {
  protected: Prisma.sql`vm.protected`,
  simulated: Prisma.sql`EXISTS (SELECT 1 FROM host WHERE host.id = vm.host_id AND host.simulated)`,
  unassigned: Prisma.sql`vm.tenant_id IS NULL`,
  busy: among(
    Prisma.sql`vm.id`,
    Prisma.sql`SELECT target_id::uuid FROM operation
    WHERE target_kind = 'vm' AND state IN ('queued', 'running', 'cancelling')`,
  ),
  agent: Prisma.sql`vm.agent_connected`,
}

const textCondition: Record<TextKey, (values: string[]) => Prisma.Sql> = {
  state: (values) => Prisma.sql`vm.state = ${any(lower(values).map((word) => word.replaceAll('-', '_')))}`,
  site: (values) =>
    among(
      Prisma.sql`vm.site_id`,
      Prisma.sql`SELECT id FROM site WHERE lower(name) = ${any(lower(values))} OR slug = ${any(lower(values))}`,
    ),
  host: (values) =>
    among(Prisma.sql`vm.host_id`, Prisma.sql`SELECT id FROM host WHERE lower(name) = ${any(lower(values))}`),
  tenant: (values) =>
    among(
      Prisma.sql`vm.tenant_id`,
      Prisma.sql`SELECT id FROM tenant WHERE lower(name) = ${any(lower(values))} OR slug = ${any(lower(values))}`,
    ),
  tag: (values) => Prisma.sql`vm.tags && ${values}::text[]`,
  name: (values) => Prisma.sql`vm.name ILIKE ANY (${values.map(like)}::text[])`,
  ip: (values) =>
    Prisma.sql`' ' || array_to_string(vm.addresses, ' ') LIKE ANY (${values.map((value) => `% ${escaped(value)}%`)}::text[])`,
  is: (values) =>
    Prisma.sql`(${Prisma.join(
      values.map((value) => isCondition[value as IsWord]),
      ' OR ',
    )})`,
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

function condition(term: FilterTerm): Prisma.Sql {
  if (term.kind === 'text') return textCondition[term.key](term.values)
  if (term.kind === 'number') {
    if (term.key === 'cpu') return cpuCondition(term.comparison, term.value)
    return Prisma.sql`${numberColumn[term.key]} ${operators[term.comparison]} ${Math.round(term.value)}::bigint`
  }
  return Prisma.sql`(vm.name ILIKE ${like(term.value)} OR ${textCondition.ip([term.value])})`
}

/** The terms as one SQL condition over the table `vm`. */
export function vmFilterSql(terms: FilterTerm[]): Prisma.Sql {
  if (terms.length === 0) return Prisma.sql`true`
  return Prisma.join(
    terms.map((term) => (term.negated ? Prisma.sql`(${condition(term)}) IS NOT TRUE` : condition(term))),
    ' AND ',
  )
}
