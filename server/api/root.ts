import { apiKeyRouter } from './api-key.ts'
import { archiveRouter } from './archive.ts'
import { archiveStoreRouter } from './archive-store.ts'
import { auditRouter } from './audit.ts'
import { backupRouter } from './backup.ts'
import { bootTestRouter } from './boot-test.ts'
import { datastoreRouter } from './datastore.ts'
import { fleetRouter } from './fleet.ts'
import { hostRouter } from './host.ts'
import { hostActionRouter } from './host-action.ts'
import { liveRouter } from './live.ts'
import { memberRouter } from './member.ts'
import { networkRouter } from './network.ts'
import { operationRouter } from './operation.ts'
import { protectionRouter } from './protection.ts'
import { recoveryFileRouter } from './recovery-file.ts'
import { recoveryPointRouter } from './recovery-point.ts'
import { savedViewRouter } from './saved-view.ts'
import { sessionRouter } from './session.ts'
import { siteRouter } from './site.ts'
import { snapshotRouter } from './snapshot.ts'
import { storageRouter } from './storage.ts'
import { templateRouter } from './template.ts'
import { tenantRouter } from './tenant.ts'
import { createCallerFactory, mergeRouters, router } from './trpc.ts'
import { userRouter } from './user.ts'
import { vmRouter } from './vm.ts'
import { vmActionRouter } from './vm-action.ts'
import { vmBulkRouter } from './vm-bulk.ts'

/** Every procedure there is: one line a noun. */
export const appRouter = router({
  fleet: fleetRouter,
  host: mergeRouters(hostRouter, hostActionRouter),
  live: liveRouter,
  network: networkRouter,
  operation: operationRouter,
  savedView: savedViewRouter,
  session: sessionRouter,
  tenant: tenantRouter,
  member: memberRouter,
  user: userRouter,
  apiKey: apiKeyRouter,
  archive: archiveRouter,
  archiveStore: archiveStoreRouter,
  audit: auditRouter,
  backup: backupRouter,
  bootTest: bootTestRouter,
  datastore: datastoreRouter,
  recoveryFile: recoveryFileRouter,
  recoveryPoint: recoveryPointRouter,
  site: siteRouter,
  protection: protectionRouter,
  snapshot: snapshotRouter,
  storage: storageRouter,
  template: templateRouter,
  vm: mergeRouters(vmRouter, vmActionRouter, vmBulkRouter),
})

export type AppRouter = typeof appRouter
export const createCaller = createCallerFactory(appRouter)
