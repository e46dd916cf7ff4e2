'use client'

import { useQuery } from '@tanstack/react-query'
import { MovingProtection } from '#components/protection/moving-protection.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatDuration } from '#components/ui/format.ts'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateIcon } from '#components/ui/state-icon.tsx'
import type { OperationRow } from '#server/schema/operation.ts'
import { OperationLine } from './operation-line.tsx'
import {
  deletionResult,
  detachedDisks,
  editOutcomes,
  itemResults,
  type MigrationResult,
  migrationResult,
  stillFor,
} from './operation-result.ts'
import { operationTookMs } from './operation-words.ts'

/** What an operation's line has no room for: each VM of many, what was undone, what a migration took. */
export function OperationDetail({ operation }: { operation: OperationRow }) {
  const moved = migrationResult(operation)
  const deletion = deletionResult(operation)
  const detached = detachedDisks(operation)
  const isParent = operation.kind === 'bulk-vm' || operation.kind === 'drain-host'
  return (
    <div className="flex flex-col gap-3 pb-2">
      {moved && <MigrationFacts moved={moved} tookMs={operationTookMs(operation)} />}
      <EditFacts operation={operation} />
      {deletion && deletion.deleted.length > 0 && <Facts title="Deleted with it" items={deletion.deleted} />}
      {deletion && deletion.kept.length > 0 && (
        <Facts title="Kept: in use elsewhere or asked for" items={deletion.kept} />
      )}
      {detached.length > 0 && (
        <Facts title="Detached, for the snapshot does not have them; their files stay" items={detached} />
      )}
      {operation.undone.length > 0 && <Facts title="Put back" items={operation.undone} />}
      {(operation.error?.left?.length ?? 0) > 0 && <Facts title="Left behind" items={operation.error?.left ?? []} />}
      {isParent && <Children operation={operation} />}
    </div>
  )
}

/** What an edit changed, and whether it is in effect. */
export function EditFacts({ operation }: { operation: OperationRow }) {
  const changes = editOutcomes(operation)
  if (changes.length === 0) return null
  return (
    <Facts
      title="What was asked"
      items={changes.map(({ what, live }) => `${what}: ${live ? 'in effect' : 'from the next start on'}`)}
    />
  )
}

/** A migration in figures. */
export function MigrationFacts({ moved, tookMs }: { moved: MigrationResult; tookMs: number | null }) {
  const facts = [
    ['From', moved.from],
    ['To', moved.to],
    ['Took', tookMs === null ? '–' : formatDuration(tookMs / 1000)],
    ['Stood still', moved.live || moved.saved ? (stillFor(moved) ?? '–') : 'was off'],
    ['Memory', moved.saved ? 'saved to a file, and sent' : null],
    ['Sent', typeof moved.bytes === 'number' ? formatBytes(moved.bytes) : null],
    ['Rounds of memory', moved.live ? (moved.iterations ?? '–') : null],
    ['Disks', moved.copiedDisks.length > 0 ? `${moved.copiedDisks.join(', ')} copied` : 'stayed on shared storage'],
    ['Between the hosts', moved.tls ? 'encrypted (TLS)' : 'not encrypted'],
    ['Post-copy', moved.live ? (moved.postCopy ? 'switched on' : 'not needed') : null],
  ].filter(([, value]) => value !== null)
  return (
    <div className="flex flex-col gap-2">
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-xs">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt className="text-ink-faint">{label}</dt>
            <dd className="text-ink">{value}</dd>
          </div>
        ))}
      </dl>
      {moved.protection && (
        <MovingProtection title="What became of its protection" protection={moved.protection} hasMoved />
      )}
      {moved.left.length > 0 && <Facts title="Left behind" items={moved.left} />}
    </div>
  )
}

function Facts({ title, items }: { title: string; items: readonly string[] }) {
  return (
    <div className="text-xs">
      <p className="text-ink-faint">{title}</p>
      <ul className="text-ink">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </div>
  )
}

/** Each VM with an operation of its own, and those that got none with the reason. */
function Children({ operation }: { operation: OperationRow }) {
  const trpc = useTRPC()
  const full = useQuery(trpc.operation.get.queryOptions({ id: operation.id }))
  if (full.isPending) return <SkeletonRows rows={2} label="Loading its parts" />
  if (full.error) return <ErrorMessage title="Its parts could not be read" message={full.error.message} />
  const withOwn = new Set(full.data.children.map((child) => child.targetId))
  const others = refusedOf(full.data.input, operation).filter((item) => !withOwn.has(item.id))
  return (
    <ul aria-label="Its parts" className="rounded-md border border-line bg-surface">
      {full.data.children.map((child) => (
        <OperationLine key={child.id} operation={child} />
      ))}
      {others.map((item) => (
        <li
          key={item.id}
          className="flex items-center gap-2 border-b border-line px-4 py-2 text-xs text-ink-muted last:border-b-0"
        >
          <StateIcon state="failed" sizePx={11} label="Refused" />
          <span className="font-medium text-ink">{item.name}</span>
          {item.reason}
        </li>
      ))}
    </ul>
  )
}

interface Refused {
  id: string
  name: string
  reason: string
}

/** Those refused when it was asked stand in the input until its result has them too. */
function refusedOf(input: unknown, operation: OperationRow): Refused[] {
  const results = itemResults(operation).flatMap(({ id, name, reason }) => (reason ? [{ id, name, reason }] : []))
  if (results.length > 0) return results
  const refused = (input as { refused?: { vmId: string; name: string; reason: string }[] } | null)?.refused ?? []
  return refused.map(({ vmId, name, reason }) => ({ id: vmId, name, reason }))
}
