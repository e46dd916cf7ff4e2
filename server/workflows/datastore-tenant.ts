import type { Db } from '#server/db.ts'
import { noTenantId, type Repositories } from './repositories.ts'
import type { VerifiedPlace } from './verify-tenant.ts'

export interface DatastoreUse {
  db: Db
  repositories: Repositories
  datastoreId: string
}

/** As rows have it: null where the store has the folder of no tenant. */
export const rowTenantOf = (tenantId: string) => (tenantId === noTenantId ? null : tenantId)

/** Everybody who has something in the store, in the order in which they are read. */
export async function tenantsIn({ repositories, datastoreId }: DatastoreUse): Promise<string[]> {
  return (await repositories.datastore(datastoreId)).datastore.tenantIds()
}

export const datastorePlace = (use: DatastoreUse): VerifiedPlace => ({
  ...{ db: use.db, store: { kind: 'datastore', id: use.datastoreId }, rowTenantOf },
  tenantIds: () => tenantsIn(use),
  repository: (tenantId) => use.repositories.repository(use.datastoreId, tenantId),
  tellSoon: () => use.db.datastore.updateMany({ where: { id: use.datastoreId }, data: { measureAskedAt: new Date() } }),
})
