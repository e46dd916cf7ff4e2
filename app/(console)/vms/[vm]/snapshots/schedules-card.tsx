'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CalendarClock, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { toast } from 'sonner'
import { reachText, scheduleText } from '#components/schedule/schedule-words.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { toastRefusal } from '#components/vm/refusal.ts'
import type { ScheduleInput } from '#server/schema/snapshot.ts'
import type { Vm } from '../use-vm.ts'
import { ScheduleDialog } from './schedule-dialog.tsx'
import type { Schedule, SnapshotPage } from './use-snapshots.ts'

/** Snapshots that are taken by themselves. */
export function SchedulesCard({ vm, page }: { vm: Vm; page: SnapshotPage }) {
  const [edited, setEdited] = useState<Schedule | 'new'>()
  const { schedule: can } = page.can
  const add = (
    <Button size="sm" disabledReason={whyNot(can)} onPress={() => setEdited('new')}>
      Add schedule…
    </Button>
  )
  return (
    <Card title="Schedules" isFlush actions={page.schedules.length > 0 && add} className="pb-1">
      {page.schedules.length === 0 ? (
        <EmptyState icon={<CalendarClock size={24} aria-hidden="true" />} title="No schedule" action={add}>
          A VM can have several: some hours back, some days, some months, each with a number to keep.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line">
          {page.schedules.map((schedule) => (
            <ScheduleItem
              key={schedule.id}
              schedule={schedule}
              taken={page.snapshots.filter(({ scheduleId }) => scheduleId === schedule.id).length}
              can={can}
              onEdit={() => setEdited(schedule)}
            />
          ))}
        </ul>
      )}
      {edited && (
        <ScheduleDialog
          vm={vm}
          page={page}
          schedule={edited === 'new' ? undefined : edited}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Card>
  )
}

interface ScheduleItemProps {
  schedule: Schedule
  taken: number
  can: true | string
  onEdit: () => void
}

function ScheduleItem({ schedule, taken, can, onEdit }: ScheduleItemProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const reread = () => client.invalidateQueries({ queryKey: trpc.snapshot.list.queryKey({ vmId: schedule.vmId }) })
  const restore = useMutation(
    trpc.snapshot.createSchedule.mutationOptions({ onSuccess: reread, onError: toastRefusal }),
  )
  const remove = useMutation(
    trpc.snapshot.deleteSchedule.mutationOptions({
      onError: toastRefusal,
      onSuccess: () => {
        toast('The schedule was deleted', {
          description: 'The snapshots that it took stay.',
          action: { label: 'Undo', onClick: () => restore.mutate({ vmId: schedule.vmId, ...inputOf(schedule) }) },
        })
        return reread()
      },
    }),
  )
  const text = scheduleText(inputOf(schedule))
  const disabledReason = whyNot(can)
  return (
    <li className="flex items-start gap-2 px-4 py-2">
      <div className="min-w-0 flex-1 text-sm">
        <p className="flex flex-wrap items-center gap-x-2">
          {text} {!schedule.enabled && <Badge>paused</Badge>}
        </p>
        <p className="text-xs text-ink-muted">
          {schedule.withMemory ? 'With memory' : 'Disks alone'},{' '}
          {reachText(inputOf(schedule).every, schedule.keepCount)}; {taken} there · {schedule.timeZone}
        </p>
        {schedule.enabled && (
          <p className="text-xs text-ink-faint">
            Next <RelativeTime at={schedule.nextAt} />
          </p>
        )}
        {schedule.lastRefusal && (
          <p className="text-xs text-failed">The last one was not taken: {schedule.lastRefusal}</p>
        )}
      </div>
      <IconButton
        label={`Edit: ${text}`}
        icon={<Pencil size={14} aria-hidden="true" />}
        disabledReason={disabledReason}
        onPress={onEdit}
      />
      <IconButton
        label={`Delete: ${text}`}
        icon={<Trash2 size={14} aria-hidden="true" />}
        disabledReason={disabledReason}
        onPress={() => remove.mutate({ id: schedule.id })}
      />
    </li>
  )
}

/** What of a schedule a person has given. */
export function inputOf(schedule: Schedule): ScheduleInput {
  const { minute, hour, weekday, timeZone, keepCount, withMemory, enabled } = schedule
  return {
    ...{ minute, hour, weekday, timeZone, keepCount, withMemory, enabled },
    every: schedule.every as ScheduleInput['every'],
    monthday: schedule.monthday as ScheduleInput['monthday'],
  }
}
