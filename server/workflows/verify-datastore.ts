import { datastorePlace } from './datastore-tenant.ts'
import { verification } from './verify-store.ts'

export const verifyDatastore = verification('verify-datastore', ({ db, repositories, operation }) =>
  datastorePlace({ db, repositories, datastoreId: operation.targetId }),
)
