'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { SegmentedControl } from '#components/ui/segmented-control.tsx'
import { Select } from '#components/ui/select.tsx'
import { Switch } from '#components/ui/switch.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { type Interval, intervals, lastMonthday, ScheduleInput } from '#server/schema/snapshot.ts'
import type { Vm } from '../use-vm.ts'
import { reachText, scheduleText, weekdays } from './schedule-words.ts'
import { inputOf } from './schedules-card.tsx'
import { snapshotCards } from './take-snapshot-dialog.tsx'
import type { Schedule, SnapshotPage } from './use-snapshots.ts'

const intervalLabel: Record<Interval, string> = { hour: 'Hourly', day: 'Daily', week: 'Weekly', month: 'Monthly' }
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
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={schedule ? 'Edit the schedule' : `Snapshot schedule for ${vm.name}`}
      footerNote={isWhole && `${scheduleText(draft)}; ${reachText(draft.every, draft.keepCount)}`}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form="snapshot-schedule"
            isPending={create.isPending || edit.isPending}
            isDisabled={!isWhole}
          >
            {schedule ? 'Save' : 'Add schedule'}
          </Button>
        </>
      }
    >
      <form
        id="snapshot-schedule"
        onSubmit={(event) => {
          event.preventDefault()
          if (!isWhole) return
          if (schedule) edit.mutate({ id: schedule.id, ...draft })
          else create.mutate({ vmId: vm.id, ...draft })
        }}
        className="flex flex-col gap-4"
      >
        <SegmentedControl
          label="How often"
          value={draft.every}
          onChange={(every) => change({ every, keepCount: usualKeep[every] })}
          segments={intervals.map((id) => ({ id, label: intervalLabel[id] }))}
          className="self-start"
        />
        <TimeFields draft={draft} change={change} />
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
      </form>
    </Dialog>
  )
}

interface TimeFieldsProps {
  draft: ScheduleInput
  change: (more: Partial<ScheduleInput>) => void
}

function TimeFields({ draft, change }: TimeFieldsProps) {
  const { every } = draft
  const days = [...Array.from({ length: 28 }, (_, index) => index + 1), lastMonthday]
  return (
    <div className="grid gap-3 sm:grid-cols-3">
      {every === 'week' && (
        <Select
          label="Weekday"
          value={String(draft.weekday)}
          onChange={(id) => change({ weekday: Number(id) })}
          options={weekdays.map((label, index) => ({ id: String(index + 1), label }))}
        />
      )}
      {every === 'month' && (
        <Select
          label="Day"
          value={String(draft.monthday)}
          onChange={(id) => change({ monthday: Number(id) as ScheduleInput['monthday'] })}
          options={days.map((day) => ({ id: String(day), label: day === lastMonthday ? 'The last' : String(day) }))}
        />
      )}
      {every !== 'hour' && (
        <NumberField label="Hour" value={draft.hour} onChange={(hour) => change({ hour })} min={0} max={23} />
      )}
      <NumberField label="Minute" value={draft.minute} onChange={(minute) => change({ minute })} min={0} max={59} />
      <Select
        label="Time zone"
        value={draft.timeZone}
        onChange={(timeZone) => change({ timeZone })}
        options={timeZones(draft.timeZone).map((id) => ({ id, label: id }))}
      />
    </div>
  )
}

/** The reader's own, the one that is set, and UTC. */
function timeZones(chosen: string): string[] {
  return [...new Set([chosen, Intl.DateTimeFormat().resolvedOptions().timeZone, 'UTC'])]
}
