import { z } from 'zod'
import type { AuditRow } from './audit-columns.tsx'

/** What the ids in an entry's details are called now. */
export interface AuditNames {
  hosts: ReadonlyMap<string, string>
  tenants: ReadonlyMap<string, string>
}

const Id = z.string()
const Detail = z.object({
  operation: Id.optional().catch(undefined),
  action: Id.optional().catch(undefined),
  to: Id.optional().catch(undefined),
  tenantId: Id.nullish().catch(undefined),
  twin: Id.optional().catch(undefined),
  snapshot: Id.optional().catch(undefined),
})
type Detail = z.infer<typeof Detail>

const gists: Record<string, (detail: Detail, names: AuditNames) => string | undefined> = {
  'operation.end': ({ operation }) => operation,
  'vm.power': ({ action }) => action,
  'vm.migrate': ({ to }, { hosts }) => whither(to && hosts.get(to)),
  'vm.assign': ({ tenantId }, { tenants }) =>
    tenantId === null ? 'to no tenant' : whither(tenantId && tenants.get(tenantId)),
  'vm.clone': ({ twin }) => whither(twin),
  'vm.snapshot': ({ snapshot }) => snapshot,
  'vm.delete-snapshot': ({ snapshot }) => snapshot,
  'vm.revert-snapshot': ({ to }) => whither(to),
}
const whither = (name: string | undefined) => (name ? `to ${name}` : undefined)

/** The part of the details that says what the action alone leaves open, in a word or two; none where it was not said. */
export function gistOf({ action, detail }: Pick<AuditRow, 'action' | 'detail'>, names: AuditNames): string | undefined {
  const known = Detail.safeParse(detail).data
  return known && gists[action]?.(known, names)
}
