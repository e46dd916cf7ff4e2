import { Prisma } from '#prisma/generated/client.ts'
import type { Comparison, FilterTerm, IsWord, NumberKey, TextKey } from '#server/schema/filter.ts'

const like = (text: string) => `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
const any = (values: string[]) => Prisma.sql`ANY (${values}::text[])`
const lower = (values: string[]) => values.map((value) => value.toLowerCase())

const isCondition: Record<IsWord, Prisma.Sql> = {
  protected: Prisma.sql`vm.protected`,
  simulated: Prisma.sql`EXISTS (SELECT 1 FROM host WHERE host.id = vm.host_id AND host.simulated)`,
  unassigned: Prisma.sql`vm.tenant_id IS NULL`,
  busy: Prisma.sql`EXISTS (SELECT 1 FROM operation WHERE operation.target_kind = 'vm' AND operation.target_id = vm.id::text
    AND operation.state IN ('queued', 'running', 'cancelling'))`,
  agent: Prisma.sql`vm.agent_connected`,
}

const textCondition: Record<TextKey, (values: string[]) => Prisma.Sql> = {
  state: (values) => Prisma.sql`vm.state = ${any(lower(values).map((word) => word.replaceAll('-', '_')))}`,
  site: (values) =>
    Prisma.sql`vm.site_id IN (SELECT id FROM site WHERE lower(name) = ${any(lower(values))} OR slug = ${any(lower(values))})`,
  host: (values) => Prisma.sql`vm.host_id IN (SELECT id FROM host WHERE lower(name) = ${any(lower(values))})`,
  tenant: (values) =>
    Prisma.sql`vm.tenant_id IN (SELECT id FROM tenant WHERE lower(name) = ${any(lower(values))} OR slug = ${any(lower(values))})`,
  tag: (values) => Prisma.sql`vm.tags && ${values}::text[]`,
  name: (values) => Prisma.sql`vm.name ILIKE ANY (${values.map(like)}::text[])`,
  ip: (values) =>
    Prisma.sql`EXISTS (SELECT 1 FROM unnest(vm.addresses) AS address WHERE address LIKE ANY (${values.map((value) => `${value.replaceAll(/[\\%_]/g, '\\$&')}%`)}::text[]))`,
  is: (values) =>
    Prisma.sql`(${Prisma.join(
      values.map((value) => isCondition[value as IsWord]),
      ' OR ',
    )})`,
}

const numberColumn: Record<NumberKey, Prisma.Sql> = {
  mem: Prisma.sql`vm.memory_bytes`,
  vcpu: Prisma.sql`vm.vcpu_count`,
  disk: Prisma.sql`vm.disk_bytes`,
  cpu: Prisma.sql`coalesce((SELECT cpu_usage FROM vm_stat WHERE vm_stat.vm_id = vm.id), 0)`,
}

const operators: Record<Comparison, Prisma.Sql> = {
  '>': Prisma.sql`>`,
  '>=': Prisma.sql`>=`,
  '<': Prisma.sql`<`,
  '<=': Prisma.sql`<=`,
  '=': Prisma.sql`=`,
}

function condition(term: FilterTerm): Prisma.Sql {
  if (term.kind === 'text') return textCondition[term.key](term.values)
  if (term.kind === 'number') {
    const value = term.key === 'cpu' ? Prisma.sql`${term.value}::float8` : Prisma.sql`${Math.round(term.value)}::bigint`
    return Prisma.sql`${numberColumn[term.key]} ${operators[term.comparison]} ${value}`
  }
  return Prisma.sql`(vm.name ILIKE ${like(term.value)} OR ${textCondition.ip([term.value])})`
}

/** The terms as one SQL condition over the table `vm`. */
export function vmFilterSql(terms: FilterTerm[]): Prisma.Sql {
  if (terms.length === 0) return Prisma.sql`true`
  return Prisma.join(
    terms.map((term) => (term.negated ? Prisma.sql`NOT (${condition(term)})` : condition(term))),
    ' AND ',
  )
}
