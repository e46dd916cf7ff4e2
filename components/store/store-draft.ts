import type { z } from 'zod'
import type { StoreCredential, StoreLocation } from '#server/schema/store.ts'

/** A store's place and secret as they are being typed. */
export interface StoreDraft {
  kind: StoreLocation['kind']
  path: string
  endpoint: string
  region: string
  bucket: string
  prefix: string
  pathStyle: boolean
  accessKeyId: string
  authority: string
  /** Empty: the one it has */
  secretAccessKey: string
}

export const emptyStoreDraft: StoreDraft = {
  ...{ kind: 'folder', path: '', endpoint: '', region: 'us-east-1', bucket: '', prefix: '', pathStyle: true },
  ...{ accessKeyId: '', authority: '', secretAccessKey: '' },
}

/** What is known of a store, for a change of it; its secret is not. */
export const draftOf = (location: StoreLocation): StoreDraft =>
  location.kind === 'folder'
    ? { ...emptyStoreDraft, ...location }
    : { ...emptyStoreDraft, ...location, authority: location.authority ?? '' }

/** What was typed, without spaces around; the schema judges it. */
export function typedLocation(draft: StoreDraft): z.input<typeof StoreLocation> {
  if (draft.kind === 'folder') return { kind: 'folder', path: withoutSlash(draft.path) }
  const { pathStyle } = draft
  return {
    ...{ kind: 's3', pathStyle, endpoint: withoutSlash(draft.endpoint), bucket: draft.bucket.trim() },
    ...{ region: draft.region.trim(), prefix: draft.prefix.trim(), accessKeyId: draft.accessKeyId.trim() },
    authority: draft.authority.trim() || null,
  }
}

export const typedCredential = ({ kind, secretAccessKey }: StoreDraft): StoreCredential | null =>
  kind === 's3' && secretAccessKey !== '' ? { secretAccessKey } : null

const withoutSlash = (text: string) => text.trim().replace(/(?<=.)\/+$/, '')
