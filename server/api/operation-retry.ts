import type { Operation, Vm } from '#prisma/generated/client.ts'
import { type Asking, demand, load } from '#server/auth/load.ts'
import type { ActionOf } from '#server/auth/policy.ts'
import { archivalOf } from '#server/core/archival-policy.ts'
import { bringBackOf } from '#server/core/archived-point.ts'
import { followOf } from '#server/core/clone-follow.ts'
import { archiveVerificationOf, compactionOf, verificationOf } from '#server/core/datastore-schedule.ts'
import { readMoves } from '#server/core/migration-candidate.ts'
import { cleanUpOf, enqueue, type NewOperation } from '#server/core/operation.ts'
import { forgottenFields } from '#server/core/operation-input.ts'
import { demandUnused } from '#server/core/recovery-point-removal.ts'
import { templateOfVm } from '#server/core/template.ts'
import { requestClone, requestCreate } from '#server/core/vm-creation.ts'
import {
  backupOf,
  deletionOf,
  editOf,
  keepOf,
  measureOf,
  migrationOf,
  powerOf,
  restoreMeasureOf,
  restoreOf,
  revertOf,
  snapshotDeletionOf,
  snapshotOf,
  xmlEditOf,
} from '#server/core/vm-request.ts'
import type { Tx } from '#server/db.ts'
import { conflict } from '#server/errors.ts'
import { ArchivePlan, BringBackInput, SaveArchiveStorePlan } from '#server/schema/archive.ts'
import {
  AddDatastorePlan,
  BackUpPlan,
  CloneRecoveryPointInput,
  EditDatastorePlan,
  RemoveDatastorePlan,
  RemoveRecoveryPointsPlan,
  RestoreMeasureInput,
  RestoreNewVmInput,
  RestoreVmInput,
} from '#server/schema/backup.ts'
import { BootTestInput } from '#server/schema/boot-test.ts'
import { VerifyPlan } from '#server/schema/datastore-state.ts'
import { AddHostPlan, DrainInput, EditHostPlan, TestHostPlan } from '#server/schema/host-action.ts'
import { type OperationKind, type TargetKind, UndoOperationInput } from '#server/schema/operation.ts'
import { DeleteSnapshotInput, RevertSnapshotInput, TakeSnapshotPlan } from '#server/schema/snapshot.ts'
import { TestStorePlan } from '#server/schema/store.ts'
import { MakeTemplateInput } from '#server/schema/template.ts'
import {
  CloneVmPlan,
  CreateVmPlan,
  DeleteVmInput,
  EditVmInput,
  EditXmlInput,
  MeasureInput,
  MigrateInput,
  PowerInput,
} from '#server/schema/vm-action.ts'
import { archiveStoreOf } from './archive-store.ts'
import { asker } from './asker.ts'
import { startBootTest } from './boot-test.ts'
import { datastoreAdditionOf, datastoreEditOf, datastoreRemovalOf, storeTestOf } from './datastore-request.ts'
import { additionOf, drainOf, hostEditOf, hostTestOf, removalOf } from './host-request.ts'
import { loadWithRight } from './operation-right.ts'
import { restoreNew } from './recovery-point.ts'
import { demandTwinCards } from './vm-card.ts'

type Ctx = Asking & { requestId: string }
type Retry = (ctx: Ctx, operation: Operation) => Promise<Operation>

/** On the VM as it is today: in its present tenant, state and place. */
const onVm =
  (right: ActionOf<'vm'>, wanted: (vm: Vm, input: unknown, tx: Tx) => NewOperation | Promise<NewOperation>): Retry =>
  async (ctx, { targetId, input }) => {
    const vm = await load.vm(ctx, targetId, right)
    return enqueue(asker(ctx), await wanted(vm, input, ctx.tx))
  }

async function createAgain(ctx: Ctx, operation: Operation): Promise<Operation> {
  const plan = CreateVmPlan.parse(operation.input)
  demand(ctx, 'vm', 'create', { tenantId: plan.tenantId })
  if (plan.askedHostId) demand(ctx, 'vm', 'migrate', { tenantId: plan.tenantId })
  return requestCreate(asker(ctx), { ...plan, hostId: plan.askedHostId }, null)
}

async function cloneAgain(ctx: Ctx, operation: Operation): Promise<Operation> {
  const { sourceVmId, name, notes } = CloneVmPlan.pick({ sourceVmId: true, name: true, notes: true }).parse(
    operation.input,
  )
  const original = await load.vm(ctx, sourceVmId, 'clone')
  await demandTwinCards(ctx, original)
  return requestClone(asker(ctx), original, { name, notes }, null)
}

const again: Record<OperationKind, Retry> = {
  'power-vm': onVm('power', (vm, input) => powerOf(vm, PowerInput.parse(input))),
  'edit-vm': onVm('edit', (vm, input, tx) => editOf(tx, vm, EditVmInput.parse(input))),
  'edit-vm-xml': onVm('edit-xml', (vm, input) => xmlEditOf(vm, EditXmlInput.parse(input))),
  'delete-vm': onVm('delete', (vm, input) => deletionOf(vm, DeleteVmInput.parse(input))),
  'migrate-vm': onVm('migrate', async (vm, input, tx) =>
    migrationOf(await readMoves(tx, [vm.id]), vm, MigrateInput.parse(input)),
  ),
  'back-up-vm': onVm('backup', (vm, input, tx) => backupOf(tx, vm, BackUpPlan.parse(input))),
  'restore-vm': onVm('restore', (vm, input, tx) => restoreOf(tx, vm, RestoreVmInput.parse(input))),
  'remove-recovery-points': async (ctx, { input, targetKind, targetId, targetName, tenantId }) => {
    const plan = RemoveRecoveryPointsPlan.parse(input)
    demand(ctx, 'vm', 'delete-backup', { tenantId })
    await demandUnused(ctx.tx, await ctx.tx.recoveryPoint.findMany({ where: { id: { in: plan.ids } } }))
    const target = { kind: targetKind as TargetKind, id: targetId, name: targetName }
    return enqueue(asker(ctx), { kind: 'remove-recovery-points', target, tenantId, exclusive: false, input: plan })
  },
  'restore-new-vm': (ctx, { input }) => restoreNew(ctx, 'restore-new-vm', RestoreNewVmInput.parse(input), null),
  'boot-test-vm': (ctx, { input }) => startBootTest(ctx, BootTestInput.parse(input), null),
  'clone-recovery-point': (ctx, { input }) =>
    restoreNew(ctx, 'clone-recovery-point', CloneRecoveryPointInput.parse(input), null),
  'follow-source': onVm('restore', (vm, _, tx) => followOf(tx, vm)),
  'keep-clone': onVm('clone', (vm) => keepOf(vm)),
  'measure-restore': onVm('restore', (vm, input, tx) => restoreMeasureOf(tx, vm, RestoreMeasureInput.parse(input))),
  'add-datastore': async (ctx, { input }) => {
    const { name, location } = AddDatastorePlan.parse(input)
    return enqueue(asker(ctx), await datastoreAdditionOf(ctx.tx, { name, location, credential: null }))
  },
  'save-archive-store': async (ctx, { input }) => {
    const { sealed: _, isNew, archiveStoreId, ...fields } = SaveArchiveStorePlan.parse(input)
    const wanted = { ...fields, credential: null, archiveStoreId: isNew ? null : archiveStoreId }
    return enqueue(asker(ctx), await archiveStoreOf(ctx, wanted))
  },
  'archive-recovery-points': async (ctx, { input }) => {
    const { policyId } = ArchivePlan.parse(input)
    if (policyId === null) throw conflict('What has expired is removed by itself.', 'Wait for the next time.')
    return enqueue(asker(ctx), archivalOf(await load.archivalPolicy(ctx, policyId, 'run')))
  },
  'bring-back-recovery-point': onVm('restore', (vm, input, tx) => bringBackOf(tx, vm, BringBackInput.parse(input))),
  'edit-datastore': async (ctx, { targetId, input }) => {
    const { name, location, isRename } = EditDatastorePlan.parse(input)
    const datastore = await load.datastore(ctx, targetId, 'edit')
    return enqueue(asker(ctx), await datastoreEditOf(ctx.tx, datastore, { name, ...(isRename ? {} : { location }) }))
  },
  'remove-datastore': async (ctx, { targetId, input }) => {
    const datastore = await load.datastore(ctx, targetId, 'delete')
    const { leaveFiles } = RemoveDatastorePlan.parse(input)
    return enqueue(asker(ctx), await datastoreRemovalOf(ctx.tx, datastore, { leaveFiles }))
  },
  'verify-datastore': async (ctx, { targetId, input }) => {
    const { whole } = VerifyPlan.parse(input)
    return enqueue(asker(ctx), verificationOf(await load.datastore(ctx, targetId, 'verify'), whole))
  },
  'verify-archive-store': async (ctx, { targetId, input }) => {
    const { whole } = VerifyPlan.parse(input)
    return enqueue(asker(ctx), archiveVerificationOf(await load.archiveStore(ctx, targetId, 'verify'), whole))
  },
  'compact-datastore': async (ctx, { targetId }) =>
    enqueue(asker(ctx), compactionOf(await load.datastore(ctx, targetId, 'compact'))),
  'test-store': async (ctx, { targetKind, input }) => {
    const { location, storeId } = TestStorePlan.parse(input)
    return enqueue(asker(ctx), storeTestOf({ targetKind: targetKind as TargetKind, storeId, location, sealed: null }))
  },
  'take-snapshot': onVm('snapshot', (vm, input, tx) => snapshotOf(tx, vm, TakeSnapshotPlan.parse(input))),
  'revert-snapshot': onVm('snapshot', (vm, input, tx) => revertOf(tx, vm, RevertSnapshotInput.parse(input))),
  'delete-snapshot': onVm('snapshot', (vm, input, tx) => snapshotDeletionOf(tx, vm, DeleteSnapshotInput.parse(input))),
  'make-template': onVm('migrate', (vm, input, tx) => templateOfVm(tx, vm, MakeTemplateInput.parse(input))),
  'measure-vm': onVm('migrate', (vm, input) => measureOf(vm, MeasureInput.parse(input))),
  'create-vm': createAgain,
  'clone-vm': cloneAgain,
  'test-host': async (ctx, { input }) => {
    const { uri } = TestHostPlan.parse(input)
    return enqueue(asker(ctx), await hostTestOf(ctx.tx, { uri, credential: null }))
  },
  'add-host': async (ctx, { input }) => {
    const { sealed: _, ...plan } = AddHostPlan.parse(input)
    return enqueue(asker(ctx), await additionOf(ctx.tx, { ...plan, credential: null }))
  },
  'edit-host': async (ctx, { targetId, input }) => {
    const { name, uri, migrationUri, keepsAccess } = EditHostPlan.parse(input)
    const host = await load.host(ctx, targetId, 'edit')
    const edit = { name, uri, migrationUri, ...(keepsAccess ? {} : { credential: null }) }
    return enqueue(asker(ctx), await hostEditOf(ctx.tx, host, edit))
  },
  'remove-host': async (ctx, { targetId }) => enqueue(asker(ctx), removalOf(await load.host(ctx, targetId, 'delete'))),
  'drain-host': async (ctx, { targetId, input }) =>
    enqueue(asker(ctx), drainOf(await load.host(ctx, targetId, 'drain'), DrainInput.parse(input))),
  'undo-operation': async (ctx, { input }) =>
    enqueue(asker(ctx), cleanUpOf(await loadWithRight(ctx, UndoOperationInput.parse(input).operationId))),
  'bulk-vm': () => {
    throw conflict(
      'A bulk operation is not tried again as a whole.',
      'Open it and try those of its parts again that failed, or select the VMs anew.',
    )
  },
}

const secretWords: Record<string, string> = {
  userData: 'its user data',
  sealed: 'the credential',
  credential: 'the credential',
  xml: 'the definition',
}

/**
 * A new operation of the same request, by the same functions as the first: rights, state, quota and place are those of
 * now. The caller has checked that the asker may start operations of this kind on this target.
 * @throws conflict when it did not fail, or can't be done now
 */
export async function retryOperation(ctx: Ctx, operation: Operation): Promise<Operation> {
  if (operation.state !== 'failed' && operation.state !== 'cancelled') {
    throw conflict('Only an operation that failed or was cancelled can be tried again.')
  }
  const forgotten = forgottenFields(operation.input)
  if (forgotten.length > 0) {
    const what = forgotten.map((field) => secretWords[field] ?? field).join(' and ')
    throw conflict(`It can’t be tried again as it was: ${what} may be secret and was not kept.`, 'Ask for it anew.')
  }
  return again[operation.kind as OperationKind](ctx, operation)
}
