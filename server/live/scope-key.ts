import type { Scope } from '#server/db.ts'

/** Equal for scopes that see the same rows. */
export const scopeKey = (scope: Scope) => (scope === 'fleet' ? '*' : [...scope.tenantIds].sort().join(','))
