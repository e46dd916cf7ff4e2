'use client'

import { RotateCcw, Trash2 } from 'lucide-react'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { VmStateBadge } from '#components/vm/vm-state-badge.tsx'
import type { VmState } from '#server/schema/vm.ts'
import type { Vm } from '../use-vm.ts'
import { snapshotLines } from './snapshot-lines.ts'
import { SnapshotRail } from './snapshot-rail.tsx'
import { snapshotKind } from './snapshot-words.ts'
import type { Snapshot } from './use-snapshots.ts'

interface SnapshotTreeProps {
  vm: Vm
  snapshots: readonly Snapshot[]
  onRevert: (snapshot: Snapshot) => void
  onDelete: (snapshot: Snapshot) => void
}

/** All snapshots from the oldest down, with where the VM is now. */
export function SnapshotTree({ vm, snapshots, onRevert, onDelete }: SnapshotTreeProps) {
  const lines = snapshotLines(snapshots)
  const columns = Math.max(...lines.map(({ column }) => column)) + 1
  return (
    <ol aria-label={`Snapshots of ${vm.name}, oldest first`}>
      {lines.map((line) => (
        <li key={line.snapshot?.name ?? ''} className="flex gap-2 px-3 not-last:border-b not-last:border-line/60">
          <SnapshotRail line={line} columns={columns} />
          {line.snapshot ? (
            <SnapshotWords snapshot={line.snapshot} onRevert={onRevert} onDelete={onDelete} />
          ) : (
            <Here vm={vm} since={snapshots.find(({ current }) => current)?.name} />
          )}
        </li>
      ))}
    </ol>
  )
}

type WordsProps = Pick<SnapshotTreeProps, 'onRevert' | 'onDelete'> & { snapshot: Snapshot }

function SnapshotWords({ snapshot, onRevert, onDelete }: WordsProps) {
  const { word, meaning } = snapshotKind(snapshot)
  const { revert, delete: remove } = snapshot.can
  return (
    <div className="flex min-w-0 flex-1 flex-wrap items-start gap-x-3 gap-y-1 py-2.5">
      <div className="min-w-40 flex-1">
        <p className="flex flex-wrap items-center gap-x-2">
          <span className="font-mono text-sm font-medium text-ink">{snapshot.name}</span>
          <span className="text-xs text-ink-faint">
            <RelativeTime at={snapshot.takenAt} />
          </span>
          {snapshot.scheduleId && <Badge tone="outline">by schedule</Badge>}
        </p>
        {snapshot.description && <p className="text-sm whitespace-pre-line text-ink-muted">{snapshot.description}</p>}
        <p className="text-xs text-ink-muted" title={meaning}>
          {word}
        </p>
      </div>
      <div className="flex items-center gap-1">
        <Button
          size="sm"
          icon={<RotateCcw size={13} aria-hidden="true" />}
          label={`Revert to ${snapshot.name}`}
          disabledReason={whyNot(revert)}
          onPress={() => onRevert(snapshot)}
        >
          Revert…
        </Button>
        <IconButton
          label={`Delete ${snapshot.name}`}
          icon={<Trash2 size={14} aria-hidden="true" />}
          disabledReason={whyNot(remove)}
          onPress={() => onDelete(snapshot)}
        />
      </div>
    </div>
  )
}

function Here({ vm, since }: { vm: Vm; since: string | undefined }) {
  return (
    <p className="flex min-h-10 flex-wrap items-center gap-x-2 text-sm">
      <span className="font-medium text-accent">You are here</span>
      <VmStateBadge state={vm.state as VmState} stateReason={vm.stateReason} operation={vm.operation} variant="plain" />
      {since && <span className="text-xs text-ink-muted">with all that changed since {since}</span>}
    </p>
  )
}
