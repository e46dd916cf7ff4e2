import { createLoader, parseAsString, parseAsStringLiteral } from 'nuqs/server'
import type { Inputs } from '#components/trpc/client.tsx'
import { type BootState, bootStates, type ProtectionState, protectionStates } from '#server/schema/protection.ts'

export const protectionViews = ['vms', 'policies'] as const

/** What is looked at, as it stands in the address. */
export const protectionParams = {
  view: parseAsStringLiteral(protectionViews).withDefault('vms'),
  state: parseAsStringLiteral(protectionStates),
  boot: parseAsStringLiteral(bootStates),
  text: parseAsString.withDefault(''),
  tenant: parseAsString.withDefault(''),
  /** A policy's VMs */
  of: parseAsString.withDefault(''),
  /** The policy that is being edited, or "new" */
  policy: parseAsString.withDefault(''),
  /** The VM that a new policy is begun for, and its tenant; empty: it has none */
  forVm: parseAsString.withDefault(''),
  forTenant: parseAsString.withDefault(''),
}
export const loadProtectionParams = createLoader(protectionParams)

export interface ProtectionView {
  state: ProtectionState | null
  boot: BootState | null
  text: string
  tenant: string
  of: string
}

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i

export const protectionSearch = (view: ProtectionView): Omit<Inputs['protection']['list'], 'limit' | 'cursor'> => ({
  ...(view.state ? { states: [view.state] } : {}),
  ...(view.boot ? { boot: view.boot } : {}),
  ...(view.text.trim() ? { text: view.text.trim() } : {}),
  ...(view.tenant ? { tenantId: view.tenant } : {}),
  ...(uuid.test(view.of) ? { policyId: view.of } : {}),
})

/** What a new policy begins with, when it is begun for a VM. */
export const begunFor = ({ forVm, forTenant }: { forVm: string; forTenant: string }) =>
  uuid.test(forVm) ? { vmId: forVm, tenantId: forTenant || null } : undefined

/** Where a policy is begun for a VM. */
export const newPolicyHref = (vm: { id: string; tenantId: string | null }) =>
  `/protection?${new URLSearchParams({ view: 'policies', policy: 'new', forVm: vm.id, ...(vm.tenantId ? { forTenant: vm.tenantId } : {}) })}`

export const protectionPageSize = 100
