import type { StoreCredential } from '#server/schema/store.ts'
import type { CredentialBox } from './credential.ts'

/** A store's credential as operations carry it: sealed for the store's id, in base64; nothing for a folder. */
export function sealStoreCredential(
  box: CredentialBox,
  credential: StoreCredential | null,
  storeId: string,
): string | null {
  return credential === null ? null : Buffer.from(box.seal(credential, storeId)).toString('base64')
}

/** From an operation to a row's column … */
export const columnOf = (sealed: string | null): Uint8Array<ArrayBuffer> | null =>
  sealed === null ? null : Uint8Array.from(Buffer.from(sealed, 'base64'))

/** … and back. */
export const sealedOf = (column: Uint8Array | null): string | null =>
  column === null ? null : Buffer.from(column).toString('base64')
