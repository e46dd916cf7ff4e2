'use client'

import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useState } from 'react'
import { OperationActions } from '#components/operation/operation-actions.tsx'
import { EditFacts, MigrationFacts } from '#components/operation/operation-detail.tsx'
import { OperationTitle } from '#components/operation/operation-line.tsx'
import { OperationProgress } from '#components/operation/operation-progress.tsx'
import { editOutcomes, migrationResult } from '#components/operation/operation-result.ts'
import { isUnproven, newsKinds, operationLook, operationTookMs } from '#components/operation/operation-words.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { UnreadNotice } from '#components/trpc/unread-notice.tsx'
import { cx } from '#components/ui/class-name.ts'
import { IconButton } from '#components/ui/icon-button.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { isLive, type OperationRow } from '#server/schema/operation.ts'
import type { Vm } from './use-vm.ts'

/** How long the end of an operation stays in sight when nobody puts it away. */
const newsForMs = 15 * 60_000

/** What a person must know before anything else: an operation at work or just ended, or a host that can't be asked. */
export function VmNotice({ vm }: { vm: Vm }) {
  const trpc = useTRPC()
  const operations = useQuery(trpc.operation.list.queryOptions({ targetId: vm.id, kinds: newsKinds, limit: 1 }))
  const [dismissed, setDismissed] = useState<string>()
  const latest = operations.data?.items[0]
  const isShown = latest && latest.id !== dismissed && isNews(latest)
  return (
    <>
      {vm.state === 'unknown' && (
        <p role="status" className="mx-4 mb-3 rounded-md bg-degraded-soft px-3 py-2 text-sm text-ink">
          {vm.missingSince ? (
            <>
              Its host {vm.host.name} no longer has it. A host on which it is defined again takes it over, with all that
              is known of it here.
            </>
          ) : (
            <>
              Its host {vm.host.name} can’t be reached, so its state is not known; it may well be running.{' '}
              <span className="text-ink-muted">{vm.host.stateReason}</span>
            </>
          )}
        </p>
      )}
      {operations.isError && !latest && <UnreadNotice query={operations} />}
      {isShown && <OperationNotice operation={latest} onDismiss={() => setDismissed(latest.id)} />}
    </>
  )
}

/** What runs, what went wrong, how a migration went, what waits for the next start; other ends show in the badge. */
function isNews(operation: OperationRow): boolean {
  if (isLive(operation.state)) return true
  const endedAt = new Date(operation.finishedAt ?? operation.createdAt).getTime()
  if (Date.now() - endedAt > newsForMs) return false
  // The editor itself says what libvirt refused.
  if (operation.kind === 'edit-vm-xml') return false
  const waits = editOutcomes(operation).some(({ live }) => !live)
  return operation.state !== 'succeeded' || operation.kind === 'migrate-vm' || waits || isUnproven(operation)
}

function OperationNotice({ operation, onDismiss }: { operation: OperationRow; onDismiss: () => void }) {
  const { look, word } = operationLook(operation)
  const moved = migrationResult(operation)
  const isOver = !isLive(operation.state)
  return (
    <section
      aria-label="Latest operation"
      className={cx(
        'mx-4 mb-3 rounded-md border px-3 py-2',
        operationLook(operation).look === 'failed' ? 'border-failed/40 bg-failed-soft/50' : 'border-line bg-surface',
      )}
    >
      <div className="mb-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
        <StateBadge state={look} label={word} variant="plain" />
        <span className="min-w-0 flex-1 truncate">
          <OperationTitle operation={operation} />
        </span>
        <OperationActions operation={operation} />
        {isOver && <IconButton label="Put away" icon={<X size={14} aria-hidden="true" />} onPress={onDismiss} />}
      </div>
      {moved ? (
        <MigrationFacts moved={moved} tookMs={operationTookMs(operation)} />
      ) : (
        <OperationProgress operation={operation} />
      )}
      <EditFacts operation={operation} />
    </section>
  )
}
