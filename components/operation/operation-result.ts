import { z } from 'zod'
import { formatDay } from '#components/archive/archive-words.ts'
import { partsText } from '#components/boot-test/boot-test-words.ts'
import { formatBytes, formatCounted, formatDuration, formatMilliseconds } from '#components/ui/format.ts'
import type { OperationRow } from '#server/schema/operation.ts'
import { dataOutcome } from './data-outcome.ts'
import { bootTestResult, operationTookMs } from './operation-words.ts'

/** What a migration came to, as its operation keeps it. Milliseconds and bytes; null where the hypervisor did not say. */
const MigrationResult = z.object({
  from: z.string(),
  to: z.string(),
  live: z.boolean(),
  /** It stood still meanwhile, with its memory in a file; missing in older ones */
  saved: z.boolean().default(false),
  tls: z.boolean(),
  copiedDisks: z.array(z.string()).default([]),
  postCopy: z.boolean(),
  totalMs: z.number().nullish(),
  downtimeMs: z.number().nullish(),
  bytes: z.number().nullish(),
  iterations: z.number().nullish(),
  /** What of its protection went along; missing in older ones */
  protection: z
    .object({
      policies: z.array(z.string()),
      snapshotSchedules: z.number(),
      snapshots: z.number(),
      datastores: z.array(
        z.object({
          name: z.string(),
          recoveryPoints: z.number(),
          nextBackup: z.enum(['incremental', 'full']),
        }),
      ),
    })
    .nullish(),
  left: z.array(z.string()).default([]),
})
export type MigrationResult = z.infer<typeof MigrationResult>

/** What became of each change of an edit. */
const EditResult = z.object({ changes: z.array(z.object({ what: z.string(), live: z.boolean() })) })

/** What became of each thing of a bulk or drain operation. */
const ItemsResult = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), state: z.string(), reason: z.string().nullish() })),
})
export type ItemResult = z.infer<typeof ItemsResult>['items'][number]

/** What a deletion removed and what it left, as names of volumes. */
const DeletionResult = z.object({ deleted: z.array(z.string()).default([]), kept: z.array(z.string()).default([]) })

/** Disks, each with its file, that a VM got after the snapshot to which it went back */
const RevertResult = z.object({ detached: z.array(z.string()).default([]) })

/** What a restore wrote, if not a clone, to which of the disks, and what of the VM of then a new one does not have. */
const RestoreResult = z.object({
  writtenBytes: z.number().nullish(),
  onlyDisks: z.array(z.string()).nullish(),
  unplugged: z.number().default(0),
  leftOut: z.array(z.string()).default([]),
})

/** What an archival came to; what is locked waits for the end of its lock. */
const ArchivalResult = z.object({
  archived: z.number(),
  archivedBytes: z.number(),
  expired: z.number(),
  locked: z.object({ objects: z.number(), bytes: z.number(), until: z.string() }).nullish(),
})

function archivalText({ archived, archivedBytes, expired, locked }: z.infer<typeof ArchivalResult>): string {
  return [
    archived > 0 && `${archived} archived, ${formatBytes(archivedBytes)}`,
    expired > 0 && `${expired} expired`,
    locked && `${formatBytes(locked.bytes)} of what has expired locked until ${formatDay(locked.until)}`,
  ]
    .filter(Boolean)
    .join(' · ')
}

const restoreResult = ({ kind, result }: OperationRow) =>
  kind === 'restore-vm' || kind === 'restore-new-vm' || kind === 'clone-recovery-point'
    ? (RestoreResult.safeParse(result).data ?? null)
    : null

export const deletionResult = (operation: OperationRow) =>
  operation.kind === 'delete-vm' ? (DeletionResult.safeParse(operation.result).data ?? null) : null

export const detachedDisks = (operation: OperationRow) =>
  operation.kind === 'revert-snapshot' ? (RevertResult.safeParse(operation.result).data?.detached ?? []) : []

export const migrationResult = (operation: OperationRow) =>
  operation.kind === 'migrate-vm' ? (MigrationResult.safeParse(operation.result).data ?? null) : null

export const editOutcomes = (operation: OperationRow) => EditResult.safeParse(operation.result).data?.changes ?? []

export const itemResults = (operation: OperationRow) => ItemsResult.safeParse(operation.result).data?.items ?? []

/** How long the VM stood still while it moved; null of one that was off, or where nobody knows. */
export function stillFor({ live, saved, downtimeMs }: MigrationResult): string | null {
  if ((!live && !saved) || typeof downtimeMs !== 'number') return null
  return saved ? formatDuration(downtimeMs / 1000) : formatMilliseconds(downtimeMs)
}

/** Said of an operation that has ended well. */
export function outcomeText(operation: OperationRow): string {
  const tookMs = operationTookMs(operation)
  const took = tookMs === null ? '' : `Took ${formatDuration(tookMs / 1000)}`
  const moved = migrationResult(operation)
  if (moved) {
    const stopped = stillFor(moved)
    return [took, stopped && `stopped for ${stopped}`, moved.bytes && formatBytes(moved.bytes)]
      .filter(Boolean)
      .join(' · ')
  }
  const tested = bootTestResult(operation)
  if (tested) return tested.reason ?? `Boots: ${partsText(tested)}`
  const restored = restoreResult(operation)
  if (restored) {
    const { writtenBytes, onlyDisks, unplugged, leftOut } = restored
    const cards = unplugged > 0 && `${formatCounted(unplugged, 'network card')} unplugged`
    const without = leftOut.length > 0 && `without ${leftOut.join(', ')}`
    const written = typeof writtenBytes === 'number' && `${formatBytes(writtenBytes)} written`
    const only = onlyDisks && `only ${onlyDisks.join(', ')}`
    return [took, only, written, cards, without].filter(Boolean).join(' · ')
  }
  const archival = operation.kind === 'archive-recovery-points' && ArchivalResult.safeParse(operation.result).data
  if (archival) return [took, archivalText(archival)].filter(Boolean).join(' · ')
  const data = dataOutcome(operation)
  if (data) return [took, data].filter(Boolean).join(' · ')
  const items = itemResults(operation)
  if (items.length > 0) {
    const failed = items.filter((item) => item.state !== 'succeeded').length
    return `${items.length - failed} done${failed ? `, ${failed} not` : ''} · ${took}`
  }
  const detached = detachedDisks(operation).length
  if (detached > 0) return `${took} · ${formatCounted(detached, 'newer disk')} detached`
  const later = editOutcomes(operation).filter(({ live }) => !live).length
  return later > 0 ? `${took} · ${later} of the changes at the next start` : took
}

/** Whether there is more to tell than its line has room for. */
export const hasDetail = (operation: OperationRow) =>
  operation.kind === 'bulk-vm' ||
  operation.kind === 'drain-host' ||
  operation.undone.length > 0 ||
  (operation.error?.left?.length ?? 0) > 0 ||
  migrationResult(operation) !== null ||
  deletionResult(operation) !== null ||
  detachedDisks(operation).length > 0 ||
  editOutcomes(operation).length > 0
