import { randomUUID } from 'node:crypto'
import type { Datastore } from '#prisma/generated/client.ts'
import { CredentialBox } from '#server/core/credential.ts'
import { demandEmpty } from '#server/core/datastore.ts'
import type { NewOperation } from '#server/core/operation.ts'
import { sealedOf, sealStoreCredential } from '#server/core/store-credential.ts'
import type { Tx } from '#server/db.ts'
import { env } from '#server/env.ts'
import { conflict, invalid } from '#server/errors.ts'
import type {
  AddDatastoreInput,
  EditDatastoreInput,
  RemoveDatastoreInput,
  TestDatastoreInput,
} from '#server/schema/backup.ts'
import type { TargetKind } from '#server/schema/operation.ts'
import {
  locationOf,
  locationText,
  needsCredential,
  type StoreCredential,
  type StoreLocation,
  type TestStorePlan,
} from '#server/schema/store.ts'

/** Secrets never stand open in an operation: they are sealed for the id of their store. */
export const sealed = (credential: StoreCredential | null, storeId: string) =>
  sealStoreCredential(CredentialBox.fromText(env().SKERRY_KEY), credential, storeId)

/** A test of any store, named by its address: it may have no row yet. */
export const storeTestOf = ({ targetKind, ...plan }: TestStorePlan & { targetKind: TargetKind }): NewOperation => ({
  kind: 'test-store',
  target: { kind: targetKind, id: plan.storeId, name: locationText(plan.location) },
  tenantId: null,
  exclusive: false,
  input: plan,
})

/** With the credential that the datastore has, unless another one is given. */
export async function datastoreTestOf(tx: Tx, input: TestDatastoreInput): Promise<NewOperation> {
  const { location, credential, datastoreId } = input
  const known = datastoreId ? await tx.datastore.findUnique({ where: { id: datastoreId } }) : null
  const storeId = known?.id ?? randomUUID()
  const kept = credential === null && known ? sealedOf(known.credential) : null
  return storeTestOf({ targetKind: 'datastore', storeId, location, sealed: kept ?? sealed(credential, storeId) })
}

/** @throws conflict when the name is taken */
export async function datastoreAdditionOf(tx: Tx, input: AddDatastoreInput): Promise<NewOperation> {
  const { name, location, credential } = input
  await demandName(tx, name)
  const datastoreId = randomUUID()
  return {
    kind: 'add-datastore',
    target: { kind: 'datastore', id: datastoreId, name },
    tenantId: null,
    input: { name, location, datastoreId, sealed: sealed(credential, datastoreId) },
  }
}

/** @throws conflict when another datastore has the name */
export async function datastoreEditOf(tx: Tx, datastore: Datastore, edit: EditDatastoreInput): Promise<NewOperation> {
  const { name = datastore.name, location = locationOf(datastore), credential } = edit
  await demandName(tx, name, datastore.id)
  if (needsCredential(location) && !credential && !datastore.credential) {
    throw invalid('Give the secret of the access key.', { field: 'credential.secretAccessKey' })
  }
  const access = accessOf(location, credential, datastore.id)
  return operationOn(datastore, 'edit-datastore', {
    ...{ name, location, ...access },
    isRename: edit.location === undefined && credential === undefined,
  })
}

/** A folder has no credential to keep. */
function accessOf(location: StoreLocation, credential: StoreCredential | undefined, id: string) {
  if (!needsCredential(location)) return { keepsAccess: false, sealed: null }
  return { keepsAccess: credential === undefined, sealed: sealed(credential ?? null, id) }
}

/** @throws conflict while it holds recovery points */
export async function datastoreRemovalOf(
  tx: Tx,
  datastore: Datastore,
  { leaveFiles }: RemoveDatastoreInput,
): Promise<NewOperation> {
  await demandEmpty(tx, datastore)
  const { name, credential } = datastore
  const location = locationOf(datastore)
  return operationOn(datastore, 'remove-datastore', { leaveFiles, name, location, sealed: sealedOf(credential) })
}

const operationOn = (
  { id, name }: { id: string; name: string },
  kind: NewOperation['kind'],
  input: NewOperation['input'],
): NewOperation => ({ kind, target: { kind: 'datastore', id, name }, tenantId: null, input })

async function demandName(tx: Tx, name: string, ofId?: string): Promise<void> {
  const taken = await tx.datastore.count({ where: { name, ...(ofId ? { id: { not: ofId } } : {}) } })
  if (taken > 0) throw conflict(`There is a datastore ${name} already.`, 'Choose another name.')
}
