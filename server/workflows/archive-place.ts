import type { Db } from '#server/db.ts'
import type { Repositories } from './repositories.ts'
import type { VerifiedPlace } from './verify-tenant.ts'

export interface ArchiveUse {
  db: Db
  repositories: Repositories
  archiveStoreId: string
}

export const archivePlace = ({ db, repositories: { archives }, archiveStoreId }: ArchiveUse): VerifiedPlace => ({
  ...{ db, store: { kind: 'archive-store', id: archiveStoreId } },
  rowTenantOf: (tenantId) => tenantId,
  tenantIds: () => archives.tenantIds(archiveStoreId),
  repository: (tenantId) => archives.repository(archiveStoreId, tenantId),
  // The next archival there looks at it.
  tellSoon: async () => undefined,
})
