import { createLoader, parseAsString, parseAsStringLiteral } from 'nuqs/server'
import type { Inputs } from '#components/trpc/client.tsx'
import { auditOutcomes } from '#server/schema/audit.ts'

/** The search as it stands in the address; days as the reader's calendar has them, 2026-03-09. */
export const auditParams = {
  text: parseAsString.withDefault(''),
  tenant: parseAsString.withDefault(''),
  actor: parseAsString.withDefault(''),
  action: parseAsString.withDefault(''),
  kind: parseAsString.withDefault(''),
  resource: parseAsString.withDefault(''),
  outcome: parseAsStringLiteral(auditOutcomes),
  from: parseAsString.withDefault(''),
  to: parseAsString.withDefault(''),
  open: parseAsString.withDefault(''),
}
export const loadAuditParams = createLoader(auditParams)

export interface AuditView {
  text: string
  tenant: string
  actor: string
  action: string
  kind: string
  resource: string
  outcome: (typeof auditOutcomes)[number] | null
  from: string
  to: string
}

/** The moment a day begins where the reader is; `plusDays` later. */
function dayStart(day: string, plusDays = 0): Date | undefined {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? new Date(`${day}T00:00`) : null
  if (!at || Number.isNaN(at.getTime())) return undefined
  at.setDate(at.getDate() + plusDays)
  return at
}

export type AuditSearch = Omit<Inputs['audit']['list'], 'limit' | 'cursor' | 'from' | 'to'> & { from?: Date; to?: Date }

/** What is asked of the server; a last day counts to its end. */
export function auditSearch(view: AuditView): AuditSearch {
  const from = dayStart(view.from)
  const to = dayStart(view.to, 1)
  return {
    ...(view.text.trim() ? { text: view.text.trim() } : {}),
    ...(view.tenant ? { tenantId: view.tenant } : {}),
    ...(view.actor ? { actorId: view.actor } : {}),
    ...(view.action ? { action: view.action } : {}),
    ...(view.kind ? { resourceKind: view.kind } : {}),
    ...(view.resource ? { resourceId: view.resource } : {}),
    ...(view.outcome ? { outcome: view.outcome } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  }
}

export const auditPageSize = 100

/** Where the same search is had as a file. */
export function exportHref(search: AuditSearch, format: 'csv' | 'jsonl'): string {
  const query = new URLSearchParams({ format })
  for (const [key, value] of Object.entries(search)) {
    if (value) query.set(key, value instanceof Date ? value.toISOString() : value)
  }
  return `/api/audit/export?${query}`
}
