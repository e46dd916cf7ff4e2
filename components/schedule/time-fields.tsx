'use client'

import { NumberField } from '#components/ui/number-field.tsx'
import { SegmentedControl } from '#components/ui/segmented-control.tsx'
import { Select } from '#components/ui/select.tsx'
import { type Interval, intervals, lastMonthday, type ScheduleMoment } from '#server/schema/schedule.ts'
import { intervalWord, weekdays } from './schedule-words.ts'

export function IntervalControl({ value, onChange }: { value: Interval; onChange: (every: Interval) => void }) {
  return (
    <SegmentedControl
      label="How often"
      value={value}
      onChange={onChange}
      segments={intervals.map((id) => ({ id, label: intervalWord[id] }))}
      className="self-start"
    />
  )
}

interface TimeFieldsProps {
  time: ScheduleMoment
  change: (more: Partial<ScheduleMoment>) => void
}

/** Day, hour and minute of a schedule, as far as its interval leaves them open; cells of the caller's grid. */
export function TimeFields({ time, change }: TimeFieldsProps) {
  const { every } = time
  const days = [...Array.from({ length: 28 }, (_, index) => index + 1), lastMonthday]
  return (
    <>
      {every === 'week' && (
        <Select
          label="Weekday"
          value={String(time.weekday)}
          onChange={(id) => change({ weekday: Number(id) })}
          options={weekdays.map((label, index) => ({ id: String(index + 1), label }))}
        />
      )}
      {every === 'month' && (
        <Select
          label="Day"
          value={String(time.monthday)}
          onChange={(id) => change({ monthday: Number(id) as ScheduleMoment['monthday'] })}
          options={days.map((day) => ({ id: String(day), label: day === lastMonthday ? 'The last' : String(day) }))}
        />
      )}
      {every !== 'hour' && (
        <NumberField label="Hour" value={time.hour} onChange={(hour) => change({ hour })} min={0} max={23} />
      )}
      <NumberField label="Minute" value={time.minute} onChange={(minute) => change({ minute })} min={0} max={59} />
    </>
  )
}

/** The reader's own, the one that is set, and UTC. */
export function TimeZoneSelect({ value, onChange }: { value: string; onChange: (timeZone: string) => void }) {
  const zones = [...new Set([value, Intl.DateTimeFormat().resolvedOptions().timeZone, 'UTC'])]
  return <Select label="Time zone" value={value} onChange={onChange} options={zones.map((id) => ({ id, label: id }))} />
}
