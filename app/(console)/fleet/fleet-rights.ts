import type { Outputs } from '#components/trpc/client.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import type { VmRow } from '#server/schema/vm.ts'

export type VmRights = Outputs['vm']['rights']
export type BulkRight = 'power' | 'snapshot' | 'tag'

/**
 * The tenants whose VMs are selected, as one text, which stays the same when other rows come. A VM that is not loaded
 * may be of any tenant: then all of the person's are meant, which the empty text says.
 */
export function tenantsSelected(rows: readonly VmRow[], selection: ReadonlySet<string>): string {
  const selected = rows.filter((row) => selection.has(row.id))
  if (selected.length < selection.size) return ''
  return [...new Set(selected.map(({ tenantId }) => tenantId))].sort().join(' ')
}

/** Why something can be done with none of the VMs of these tenants; undefined where it can with some. */
export function reasonAgainstAll(rights: VmRights | undefined, tenants: string, right: BulkRight): string | undefined {
  if (!rights) return undefined
  const meant = tenants === '' ? null : tenants.split(' ')
  const answers = rights.tenants.filter(({ tenantId }) => meant?.includes(tenantId) ?? true).map((each) => each[right])
  return answers.includes(true) ? undefined : answers.map(whyNot)[0]
}
