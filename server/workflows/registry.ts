import { addDatastore } from './add-datastore.ts'
import { addHost } from './add-host.ts'
import { archiveRecoveryPoints } from './archive-recovery-points.ts'
import { backUpVm } from './back-up-vm.ts'
import { bootTestVm } from './boot-test-vm.ts'
import { bringBackRecoveryPoint } from './bring-back-recovery-point.ts'
import { bulkVm } from './bulk-vm.ts'
import { cloneRecoveryPoint } from './clone-recovery-point.ts'
import { cloneVm } from './clone-vm.ts'
import { compactDatastore } from './compact-datastore.ts'
import { createVm } from './create-vm.ts'
import type { AnyWorkflow } from './define.ts'
import { deleteSnapshot } from './delete-snapshot.ts'
import { deleteVm } from './delete-vm.ts'
import { drainHost } from './drain-host.ts'
import { editDatastore } from './edit-datastore.ts'
import { editHost } from './edit-host.ts'
import { editVm } from './edit-vm.ts'
import { editVmXml } from './edit-vm-xml.ts'
import { followSource } from './follow-source.ts'
import { keepClone } from './keep-clone.ts'
import { makeTemplate } from './make-template.ts'
import { measureRestore } from './measure-restore.ts'
import { measureVm } from './measure-vm.ts'
import { migrateVm } from './migrate-vm.ts'
import { powerVm } from './power-vm.ts'
import { removeDatastore } from './remove-datastore.ts'
import { removeHost } from './remove-host.ts'
import { removeRecoveryPoints } from './remove-recovery-points.ts'
import { restoreNewVm } from './restore-new-vm.ts'
import { restoreVm } from './restore-vm.ts'
import { revertSnapshot } from './revert-snapshot.ts'
import { saveArchiveStore } from './save-archive-store.ts'
import { takeSnapshot } from './take-snapshot.ts'
import { testHost } from './test-host.ts'
import { testStore } from './test-store.ts'
import { undoOperation } from './undo-operation.ts'
import { verifyArchiveStore } from './verify-archive-store.ts'
import { verifyDatastore } from './verify-datastore.ts'

const changes: readonly AnyWorkflow[] = [
  powerVm,
  createVm,
  cloneVm,
  editVm,
  editVmXml,
  deleteVm,
  migrateVm,
  measureVm,
  makeTemplate,
  takeSnapshot,
  revertSnapshot,
  deleteSnapshot,
  backUpVm,
  restoreVm,
  measureRestore,
  restoreNewVm,
  bootTestVm,
  cloneRecoveryPoint,
  keepClone,
  followSource,
  removeRecoveryPoints,
  saveArchiveStore,
  archiveRecoveryPoints,
  bringBackRecoveryPoint,
  addDatastore,
  editDatastore,
  removeDatastore,
  testStore,
  verifyDatastore,
  compactDatastore,
  verifyArchiveStore,
  bulkVm,
  drainHost,
  testHost,
  addHost,
  editHost,
  removeHost,
]

/** Every kind of operation there is. */
export const workflows: readonly AnyWorkflow[] = [...changes, undoOperation(changes)]
