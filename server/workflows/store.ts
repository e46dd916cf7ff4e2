import { mkdir } from 'node:fs/promises'
import type { CredentialBox } from '#server/core/credential.ts'
import { FolderStore } from '#server/repository/folder-store.ts'
import type { ObjectStore } from '#server/repository/object-store.ts'
import { type S3Settings, S3Store } from '#server/repository/s3-store.ts'
import {
  folderNotMade,
  noBucket,
  type TrialReport,
  tryFolder,
  tryLock,
  tryStore,
} from '#server/repository/store-trial.ts'
import { StoreCredential, type StoreLocation, type StoreSummary } from '#server/schema/store.ts'

/** A store as rows and operations have it. */
export interface StorePlace {
  /** For whose id the credential is sealed */
  storeId: string
  location: StoreLocation
  /** In base64 */
  sealed: string | null
  /** As messages call it that everybody may read; by its address, for operators, where it is left out */
  name?: string | undefined
}

type Patience = Pick<S3Settings, 'timeoutMs' | 'attempts'>
/** Somebody waits for a test before the dialog that asked for it. */
const ofTests: Patience = { timeoutMs: 5_000, attempts: 2 }

/** @throws unavailable with what stands in the way */
export function openStore(box: CredentialBox, place: StorePlace, patience: Patience = {}): Promise<ObjectStore> {
  const { location, name } = place
  if (location.kind === 'folder') return FolderStore.open(location.path, name)
  return S3Store.open({ ...s3Settings(box, place), ...patience })
}

/** As `openStore`, but a folder is made, in one that is there, and prepared. */
export async function prepareStore(box: CredentialBox, place: StorePlace): Promise<ObjectStore> {
  const { location, name } = place
  if (location.kind === 's3') return openStore(box, place)
  await mkdir(location.path, { mode: 0o700 }).catch((error) => {
    if (error.code !== 'EEXIST') throw folderNotMade(location.path, error)
  })
  return FolderStore.prepare(location.path, name)
}

/** One attempt at a store that may not be used yet; leaves it as it was. @throws what it did not do, with the way out */
export async function testStore(
  box: CredentialBox,
  place: StorePlace,
  onStage: (stage: string) => void,
): Promise<StoreSummary> {
  onStage('connecting')
  const { location } = place
  if (location.kind === 'folder') return summaryOf(await tryFolder(location.path), noBucket)
  const store = await openStore(box, place, ofTests)
  try {
    const report = await tryStore(store, onStage)
    onStage('locking')
    return summaryOf(report, await tryLock(store))
  } finally {
    store.close?.()
  }
}

const summaryOf = ({ roundTripMs, room }: TrialReport, lockRefusal: string | null): StoreSummary => ({
  lockRefusal,
  roundTripMs,
  freeBytes: room?.freeBytes ?? null,
  totalBytes: room?.totalBytes ?? null,
})

function s3Settings(box: CredentialBox, { storeId, location, sealed, name }: StorePlace): S3Settings {
  if (location.kind !== 's3') throw new Error('a bucket is asked for')
  const credential = sealed === null ? {} : box.open(Buffer.from(sealed, 'base64'), storeId)
  const { kind: _, ...where } = location
  return { ...where, ...StoreCredential.parse(credential), name }
}
