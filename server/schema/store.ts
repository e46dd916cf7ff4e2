import { z } from 'zod'

/** A folder of the workers' machines; all of them must see it. */
export const FolderLocation = z.object({
  kind: z.literal('folder'),
  path: z
    .string()
    .max(1000)
    .regex(/^\/[^\0]*[^/\0]$/, 'Give the whole path of a folder, such as /srv/backup.'),
})
export type FolderLocation = z.infer<typeof FolderLocation>

/** A bucket of anything that speaks S3, with all of how it is reached but the secret. */
export const S3Location = z.object({
  kind: z.literal('s3'),
  endpoint: z
    .string()
    .max(500)
    .regex(
      /^https?:\/\/[^/\s@?#]+$/,
      'Give its address without a path or a slash at its end, such as https://s3.example.net.',
    ),
  region: z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9-]+$/, 'A region is one word, such as us-east-1.')
    .default('us-east-1'),
  bucket: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/, 'A bucket is named with letters, digits, dots and dashes.'),
  /** Below which everything lies; empty: at the top of the bucket */
  prefix: z
    .string()
    .max(500)
    .regex(/^$|^[^/\s][^\s]*[^/\s]$|^[^/\s]$/, 'A prefix has no slash at its ends, and no spaces.')
    .default(''),
  /** http://endpoint/bucket rather than http://bucket.endpoint */
  pathStyle: z.boolean().default(true),
  accessKeyId: z.string().min(1, 'Give the access key’s id.').max(200),
  /** Who signed its certificate, where that is nobody that machines trust by themselves; PEM */
  authority: z
    .string()
    .max(100_000)
    .refine((text) => text.includes('-----BEGIN CERTIFICATE-----'), 'Give a certificate as PEM.')
    .nullable()
    .default(null),
})
export type S3Location = z.infer<typeof S3Location>

/** Where objects lie. */
export const StoreLocation = z.discriminatedUnion('kind', [FolderLocation, S3Location])
export type StoreLocation = z.infer<typeof StoreLocation>

/** What opens a store and is never shown again; a folder needs none. */
export const StoreCredential = z.object({ secretAccessKey: z.string().min(1, 'Give the secret.').max(1000) })
export type StoreCredential = z.infer<typeof StoreCredential>

/** A row's columns: the kind apart from the rest of the location. */
export const locationOf = (row: { kind: string; location: unknown }): StoreLocation =>
  StoreLocation.parse({ kind: row.kind, ...(row.location as object) })

/** For a line: the folder's path, or the bucket at its address. */
export const locationText = (location: StoreLocation): string =>
  location.kind === 'folder'
    ? location.path
    : `${location.endpoint}/${location.bucket}${location.prefix ? `/${location.prefix}` : ''}`

export const needsCredential = (location: StoreLocation) => location.kind === 's3'

/** As a test's operation keeps it: the credential sealed for the store's id, in base64. */
export const TestStorePlan = z.object({
  storeId: z.uuid(),
  location: StoreLocation,
  sealed: z.string().nullable(),
})
export type TestStorePlan = z.infer<typeof TestStorePlan>

/**
 * What a test tells of a store: the time of a small object there and back, room where that is known, and why it can
 * lock nothing where that is so.
 */
export const StoreSummary = z.object({
  roundTripMs: z.number(),
  freeBytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
  lockRefusal: z.string().nullable(),
})
export type StoreSummary = z.infer<typeof StoreSummary>
