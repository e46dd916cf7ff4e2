'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { reachText, scheduleText } from '#components/schedule/schedule-words.ts'
import { IntervalControl, TimeFields, TimeZoneSelect } from '#components/schedule/time-fields.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { Switch } from '#components/ui/switch.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { snapshotCards } from '#components/vm/take-snapshot-dialog.tsx'
import type { Interval } from '#server/schema/schedule.ts'
import { ScheduleInput } from '#server/schema/snapshot.ts'
import type { Vm } from '../use-vm.ts'
import { inputOf } from './schedules-card.tsx'
import type { Schedule, SnapshotPage } from './use-snapshots.ts'

const usualKeep: Record<Interval, number> = { hour: 24, day: 7, week: 4, month: 12 }

const fresh = (): ScheduleInput => ({
  ...{ every: 'day', minute: 0, hour: 3, weekday: 7, monthday: 1, keepCount: usualKeep.day, enabled: true },
  withMemory: true,
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
})

interface ScheduleDialogProps {
  vm: Vm
  page: SnapshotPage
  /** Undefined for a new one */
  schedule: Schedule | undefined
  onClose: () => void
}

/** When snapshots are taken, of what, and how many stay. */
export function ScheduleDialog({ vm, page, schedule, onClose }: ScheduleDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [draft, setDraft] = useState(() => (schedule ? inputOf(schedule) : fresh()))
  const change = (more: Partial<ScheduleInput>) => setDraft({ ...draft, ...more })
  const onSuccess = () => {
    onClose()
    return client.invalidateQueries({ queryKey: trpc.snapshot.list.queryKey({ vmId: vm.id }) })
  }
  const create = useMutation(trpc.snapshot.createSchedule.mutationOptions({ onSuccess }))
  const edit = useMutation(trpc.snapshot.editSchedule.mutationOptions({ onSuccess }))
  const isWhole = ScheduleInput.safeParse(draft).success
  const error = refusal('The schedule was not saved', create.error ?? edit.error)
  return (
    <FormDialog
      title={schedule ? 'Edit the schedule' : `Snapshot schedule for ${vm.name}`}
      footerNote={isWhole && `${scheduleText(draft)}; ${reachText(draft.every, draft.keepCount)}`}
      submitLabel={schedule ? 'Save' : 'Add schedule'}
      isPending={create.isPending || edit.isPending}
      isIncomplete={!isWhole}
      onSubmit={() =>
        schedule ? edit.mutate({ id: schedule.id, ...draft }) : create.mutate({ vmId: vm.id, ...draft })
      }
      onClose={onClose}
    >
      <IntervalControl value={draft.every} onChange={(every) => change({ every, keepCount: usualKeep[every] })} />
      <div className="grid gap-3 sm:grid-cols-3">
        <TimeFields time={draft} change={change} />
        <TimeZoneSelect value={draft.timeZone} onChange={(timeZone) => change({ timeZone })} />
      </div>
      <NumberField
        label="Snapshots to keep"
        description="When there are more, the oldest of this schedule is deleted. Others are never touched."
        value={draft.keepCount}
        onChange={(keepCount) => change({ keepCount })}
        min={1}
        max={100}
      />
      <RadioCards
        label="What they hold while the VM runs"
        cards={snapshotCards(vm, page)}
        value={draft.withMemory ? 'memory' : 'disks'}
        onChange={(id) => change({ withMemory: id === 'memory' })}
      />
      {schedule && (
        <Switch isSelected={draft.enabled} onChange={(enabled) => change({ enabled })}>
          Takes snapshots
        </Switch>
      )}
      {error && <ErrorMessage {...error} />}
    </FormDialog>
  )
}
