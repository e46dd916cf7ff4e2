import type { AuditEntry as AuditRow } from '#prisma/generated/client.ts'
import { scopeOf } from '#server/auth/actor.ts'
import { audit, type Trail } from '#server/auth/audit.ts'
import { auditTenants } from '#server/auth/audit-scope.ts'
import { createBuckets } from '#server/auth/rate.ts'
import { searchAudit } from '#server/core/audit.ts'
import { inScope } from '#server/db.ts'
import { SkerryError } from '#server/errors.ts'
import { AuditExport } from '#server/schema/audit.ts'
import { createContext } from './context.ts'
import type { Services } from './services.ts'

const rowsAtOnce = 1_000
/** For each actor in this process */
const take = createBuckets(10, 10)

const columns = [
  'at',
  'chain',
  'sequence',
  'tenantId',
  'actorKind',
  'actorId',
  'actorName',
  'action',
  'resourceKind',
  'resourceId',
  'resourceName',
  'outcome',
  'origin',
  'userAgent',
  'requestId',
  'detail',
  'previousHash',
  'hash',
] as const satisfies (keyof AuditRow)[]

const textOf = (value: AuditRow[(typeof columns)[number]]) => {
  if (value === null) return ''
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A cell a spreadsheet won't take for a formula. */
const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`

const formats = {
  csv: {
    type: 'text/csv; charset=utf-8',
    head: `${columns.join(',')}\r\n`,
    line: (row: AuditRow) => `${columns.map((column) => cell(textOf(row[column]))).join(',')}\r\n`,
  },
  jsonl: {
    type: 'application/jsonl; charset=utf-8',
    head: '',
    line: (row: AuditRow) => {
      const entry = Object.fromEntries(columns.map((column) => [column, row[column]]))
      return `${JSON.stringify({ ...entry, sequence: Number(row.sequence) })}\n`
    },
  },
}

/**
 * `GET /api/audit/export?format=csv|jsonl&…filter`: streams the entries, newest first, a thousand at a time, however
 * many there are; leaves an entry itself. @throws SkerryError
 */
export async function exportAudit(services: Services, request: Request): Promise<Response> {
  const ctx = await createContext(services, request.headers)
  const { actor, origin, db } = ctx
  if (!actor) throw new SkerryError('unauthenticated', 'You are not signed in.', { wayOut: 'Sign in again.' })
  take(actor.id)
  const parsed = AuditExport.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  if (!parsed.success) throw new SkerryError('invalid', `The filter is malformed: ${parsed.error.message}`)
  const { format, tenantId, ...filter } = parsed.data
  const trail: Trail = { action: 'audit.export', resourceKind: 'audit', detail: { format }, authorised: false }
  const tenants = auditTenants({ actor, trail }, 'export', tenantId)
  if (tenantId) trail.resource = { kind: 'audit', id: tenantId, name: tenantId, tenantId }
  await inScope(db, scopeOf(actor), (tx) => audit(tx, trail, actor, origin, 'succeeded'))

  const { type, head, line } = formats[format]
  const encoder = new TextEncoder()
  let before: bigint | null | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      if (head) controller.enqueue(encoder.encode(head))
    },
    pull: async (controller) => {
      const page = { limit: rowsAtOnce, ...(before ? { before } : {}) }
      const { entries, next } = await inScope(db, scopeOf(actor), (tx) => searchAudit(tx, tenants, filter, page))
      if (entries.length > 0) controller.enqueue(encoder.encode(entries.map(line).join('')))
      before = next
      if (next === null) controller.close()
    },
  })
  const name = `skerry-audit-${new Date().toISOString().slice(0, 10)}.${format}`
  const headers = { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` }
  return new Response(body, { headers: { ...headers, 'cache-control': 'no-store', 'x-request-id': ctx.requestId } })
}
