import { z } from 'zod'

/** A name in a folder: never a way to elsewhere. */
const FileName = z
  .string()
  .min(1)
  .max(1024)
  .refine((name) => name !== '.' && name !== '..' && !/[\0/]/.test(name), 'This is no name of a file.')

/** A place in a recovery point: a disk, one of its partitions (0 for a disk without any), a path from its root. */
export const RecoveryPlace = z.object({
  recoveryPointId: z.uuid(),
  disk: z.string().min(1).max(64),
  volume: z.number().int().min(0).max(2048),
  path: z.array(FileName).max(255),
})
export type RecoveryPlace = z.infer<typeof RecoveryPlace>

export const fileSorts = ['name', 'size', 'modified'] as const
export const ListFilesInput = RecoveryPlace.extend({
  /** Part of a name */
  search: z.string().max(200).default(''),
  sort: z.enum(fileSorts).default('name'),
  descending: z.boolean().default(false),
  /** How many come before this page */
  cursor: z.number().int().min(0).max(1_000_000).default(0),
  limit: z.number().int().min(1).max(500).default(200),
})
export type ListFilesInput = z.infer<typeof ListFilesInput>

export const RecoveryVolume = z.object({
  number: z.number(),
  name: z.string(),
  startBytes: z.number(),
  sizeBytes: z.number(),
  /** ext4, FAT32, LVM …; null where nobody knows */
  kind: z.string().nullable(),
  label: z.string(),
  warning: z.string().nullable(),
  /** Why its files can't be shown */
  obstacle: z.string().nullable(),
})
export type RecoveryVolume = z.infer<typeof RecoveryVolume>

export const RecoveryFile = z.object({
  name: z.string(),
  kind: z.enum(['file', 'folder', 'link', 'other', 'damaged']),
  sizeBytes: z.number(),
  /** Milliseconds since 1970; FAT's have no time zone */
  modifiedMs: z.number().nullable(),
  mode: z.number().nullable(),
  target: z.string().nullable(),
})
export type RecoveryFile = z.infer<typeof RecoveryFile>

export const RecoveryFiles = z.object({
  files: z.array(RecoveryFile),
  /** That fit the search */
  total: z.number(),
  /** The folder holds more than are ever listed */
  isCut: z.boolean(),
  damage: z.string().nullable(),
  warning: z.string().nullable(),
})
export type RecoveryFiles = z.infer<typeof RecoveryFiles>

export const ArchiveSize = z.object({ files: z.number(), sizeBytes: z.number() })
export type ArchiveSize = z.infer<typeof ArchiveSize>

/** What a folder may hold that is downloaded as one archive. */
export const archiveLimits = { mostFiles: 100_000, mostBytes: 32 * 2 ** 30 }
