import { archivePlace } from './archive-place.ts'
import { verification } from './verify-store.ts'

export const verifyArchiveStore = verification('verify-archive-store', ({ db, repositories, operation }) =>
  archivePlace({ db, repositories, archiveStoreId: operation.targetId }),
)
