'use client'

import { Button } from '#components/ui/button.tsx'
import { CodeBlock } from '#components/ui/code-block.tsx'
import { formatAbsoluteTime } from '#components/ui/format.ts'
import { KeyValueList } from '#components/ui/key-value-list.tsx'
import { Link } from '#components/ui/link.tsx'
import { SidePanel } from '#components/ui/side-panel.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { type AuditRow, actorKindWord, outcomeOf, resourceHref } from './audit-columns.tsx'
import { resourceWord } from './audit-words.ts'

export interface AuditPanelProps {
  entry: AuditRow
  gist: string | undefined
  chainName: string
  onOnly: (part: { actor?: string; resource?: string }) => void
  onClose: () => void
}

/** One entry in full: who, what, on what, from where, how it ended, and its place in the chain. */
export function AuditPanel({ entry, gist, chainName, onOnly, onClose }: AuditPanelProps) {
  const { look, word } = outcomeOf(entry)
  const href = resourceHref(entry)
  const name = entry.resourceName ?? entry.resourceId
  const { actorId, resourceId } = entry
  return (
    <SidePanel
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={gist ? `${entry.action}: ${gist}` : entry.action}
    >
      <div className="flex flex-col gap-4">
        <KeyValueList
          items={[
            { label: 'Outcome', value: <StateBadge state={look} label={word} variant="plain" /> },
            { label: 'When', value: formatAbsoluteTime(entry.at.getTime()) },
            { label: 'By', value: entry.actorName, note: actorKindWord[entry.actorKind] },
            {
              label: 'On',
              value: href && name ? <Link href={href}>{name}</Link> : (name ?? '–'),
              note: resourceWord(entry.resourceKind),
            },
            { label: 'From address', value: entry.origin, isMono: true },
            { label: 'With', value: entry.userAgent },
            { label: 'Request', value: entry.requestId, isMono: true, ...copy(entry.requestId) },
          ]}
        />
        <div className="flex flex-wrap gap-2">
          {actorId && (
            <Button size="sm" onPress={() => onOnly({ actor: actorId })}>
              All of this actor
            </Button>
          )}
          {resourceId && (
            <Button size="sm" onPress={() => onOnly({ resource: resourceId })}>
              All on this {resourceWord(entry.resourceKind)}
            </Button>
          )}
        </div>
        {hasDetail(entry.detail) && <CodeBlock code={JSON.stringify(entry.detail, null, 2)} label="details" />}
        <KeyValueList
          items={[
            { label: 'Chain', value: chainName, note: `entry ${entry.sequence}` },
            { label: 'Hash', value: entry.hash, isMono: true, copyText: entry.hash },
            { label: 'Before it', value: entry.previousHash, isMono: true },
          ]}
        />
      </div>
    </SidePanel>
  )
}

const copy = (text: string | null) => (text ? { copyText: text } : {})
const hasDetail = (detail: unknown) => detail !== null && typeof detail === 'object' && Object.keys(detail).length > 0
