'use client'

import { type UseQueryResult, useMutation, useQueryClient } from '@tanstack/react-query'
import { CalendarClock } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { toast } from 'sonner'
import { retentionText } from '#components/protection/protection-words.ts'
import { intervalWord, scheduleText } from '#components/schedule/schedule-words.ts'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure } from '#components/trpc/failure.ts'
import { Badge } from '#components/ui/badge.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { DataTable } from '#components/ui/data-table.tsx'
import type { DataColumn } from '#components/ui/data-table-column.ts'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { formatCount, formatCounted } from '#components/ui/format.ts'
import type { MenuGroup } from '#components/ui/menu.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { type CallError, refusal, toastRefusal } from '#components/vm/refusal.ts'

export type PolicyPage = Outputs['protection']['policies']
export type Policy = PolicyPage['policies'][number]

const rowId = (policy: Policy) => policy.id
const rowName = (policy: Policy) => policy.name
const truncated = (text: string) => (
  <span className="truncate" title={text}>
    {text}
  </span>
)

const selectedText = ({ allVms, tags, vmIds }: Policy) =>
  allVms ? 'All VMs' : [...tags, ...(vmIds.length > 0 ? [`${vmIds.length} by name`] : [])].join(', ')

function policyColumns(operator: boolean): DataColumn<Policy>[] {
  const columns: DataColumn<Policy>[] = [
    {
      id: 'name',
      header: 'Policy',
      widthPx: 140,
      grow: 1,
      cell: (policy) => (
        <>
          <span className="truncate">{policy.name}</span>
          {!policy.enabled && <Badge>paused</Badge>}
          {!operator && policy.madeBy === 'operator' && <Badge tone="outline">by an operator</Badge>}
        </>
      ),
    },
    { id: 'tenant', header: 'Tenant', widthPx: 118, cell: (policy) => truncated(policy.tenant?.name ?? '–') },
    { id: 'selects', header: 'Takes', widthPx: 100, cell: (policy) => truncated(selectedText(policy)) },
    { id: 'vms', header: 'VMs', align: 'end', widthPx: 56, cell: (policy) => formatCount(policy.vmCount) },
    {
      id: 'times',
      header: 'When',
      widthPx: 180,
      grow: 2,
      cell: (policy) => truncated(policy.schedules.map(scheduleText).join('; ')),
    },
    {
      id: 'next',
      header: 'Next',
      widthPx: 96,
      cell: (policy) =>
        policy.enabled ? <RelativeTime at={policy.nextAt} /> : <span className="text-ink-faint">–</span>,
    },
    {
      id: 'keeps',
      header: 'Keeps',
      widthPx: 250,
      grow: 2,
      cell: (policy) => truncated(retentionText(policy.retention)),
    },
    {
      id: 'boot',
      header: 'Boot tests',
      widthPx: 90,
      cell: ({ bootTest }) =>
        bootTest ? (
          <span title={scheduleText(bootTest)}>{intervalWord[bootTest.every]}</span>
        ) : (
          <span className="text-ink-faint">Off</span>
        ),
    },
    {
      id: 'points',
      header: 'Points',
      align: 'end',
      widthPx: 70,
      cell: (policy) => formatCount(policy.recoveryPointCount),
    },
    { id: 'datastore', header: 'Datastore', widthPx: 100, cell: (policy) => truncated(policy.datastore.name) },
  ]
  return operator ? columns : columns.filter(({ id }) => id !== 'tenant')
}

interface PoliciesTableProps {
  query: UseQueryResult<PolicyPage, CallError>
  operator: boolean
  onEdit: (policy: Policy) => void
  onShowVms: (policy: Policy) => void
  create: ReactNode
}

const none: Policy[] = []

export function PoliciesTable({ query, operator, onEdit, onShowVms, create }: PoliciesTableProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [deleted, setDeleted] = useState<Policy>()
  const columns = useMemo(() => policyColumns(operator), [operator])
  const reread = () => client.invalidateQueries({ queryKey: trpc.protection.pathKey() })
  const run = useMutation(
    trpc.protection.run.mutationOptions({
      onError: toastRefusal,
      onSuccess: ({ vms }) => {
        toast(vms === 0 ? 'It takes no VM' : `${formatCounted(vms, 'VM is', 'VMs are')} backed up soon`)
        return reread()
      },
    }),
  )
  const remove = useMutation(
    trpc.protection.delete.mutationOptions({
      onSuccess: () => {
        setDeleted(undefined)
        return reread()
      },
    }),
  )
  const item = (id: string, label: string, answer: true | string, onAction: () => void, isDanger = false) => ({
    ...{ id, label, isDanger },
    ...(answer === true ? { onAction } : { disabledReason: answer }),
  })
  const menu = (policy: Policy): readonly MenuGroup[] => [
    {
      id: 'look',
      items: [
        item('vms', 'Show its VMs', true, () => onShowVms(policy)),
        item('run', 'Back up its VMs now', policy.enabled ? policy.can.run : 'It is paused', () =>
          run.mutate({ id: policy.id }),
        ),
        item('edit', 'Edit…', policy.can.edit, () => onEdit(policy)),
      ],
    },
    { id: 'delete', items: [item('delete', 'Delete…', policy.can.delete, () => setDeleted(policy), true)] },
  ]
  return (
    <>
      <DataTable
        label="Protection policies"
        columns={columns}
        rows={query.data?.policies ?? none}
        rowId={rowId}
        rowName={rowName}
        onOpen={(policy) => (policy.can.edit === true ? onEdit(policy) : onShowVms(policy))}
        rowMenu={menu}
        isLoading={query.isPending}
        error={query.error && pageFailure('The policies could not be read', { ...query, error: query.error })}
        empty={
          <EmptyState icon={<CalendarClock size={24} aria-hidden="true" />} title="No policy yet" action={create}>
            A policy backs up all VMs that have a tag, at its times, and deletes what is older than you want to keep.
          </EmptyState>
        }
        className="min-h-60 flex-1 border-t border-line"
      />
      {deleted && (
        <ConfirmDialog
          isOpen
          onOpenChange={(isOpen) => !isOpen && setDeleted(undefined)}
          title={`Delete the policy ${deleted.name}?`}
          confirmLabel="Delete"
          isPending={remove.isPending}
          onConfirm={() => remove.mutate({ id: deleted.id })}
          error={refusal('It was not deleted', remove.error)}
        >
          <p>
            {deleted.vmCount === 0
              ? 'It takes no VM now.'
              : `${formatCounted(deleted.vmCount, 'VM is', 'VMs are')} not backed up by it any more.`}{' '}
            {deleted.recoveryPointCount > 0 &&
              `Its ${formatCount(deleted.recoveryPointCount)} recovery ${
                deleted.recoveryPointCount === 1 ? 'point stays' : 'points stay'
              } until somebody deletes them.`}
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}
