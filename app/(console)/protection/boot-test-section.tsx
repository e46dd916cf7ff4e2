'use client'

import { BootCheckFields } from '#components/boot-test/boot-check-fields.tsx'
import { intervalWord } from '#components/schedule/schedule-words.ts'
import { TimeFields } from '#components/schedule/time-fields.tsx'
import { Section } from '#components/ui/card.tsx'
import { SegmentedControl } from '#components/ui/segmented-control.tsx'
import { BootTestSchedule, bootTestsPerHost } from '#server/schema/boot-test.ts'

type Every = BootTestSchedule['every'] | 'never'
const segments: { id: Every; label: string }[] = [
  { id: 'never', label: 'Off' },
  ...BootTestSchedule.shape.every.options.map((id) => ({ id, label: intervalWord[id] })),
]
const sundayMorning = { minute: 30, hour: 5, weekday: 7, monthday: 1 }

interface BootTestSectionProps {
  bootTest: BootTestSchedule | null
  onChange: (bootTest: BootTestSchedule | null) => void
}

/** Whether, when and how a policy proves that what it keeps boots. */
export function BootTestSection({ bootTest, onChange }: BootTestSectionProps) {
  const choose = (every: Every) => {
    if (every === 'never') onChange(null)
    else onChange(bootTest ? { ...bootTest, every } : BootTestSchedule.parse({ ...sundayMorning, every }))
  }
  return (
    <Section
      title="Boot tests"
      description={`Each VM’s newest backup is booted as a throw-away VM that can meet nobody. Of each host ${bootTestsPerHost === 1 ? 'one runs' : `${bootTestsPerHost} run`} at a time.`}
    >
      <SegmentedControl
        label="Boot tests"
        value={bootTest?.every ?? 'never'}
        onChange={choose}
        segments={segments}
        className="self-start"
      />
      {bootTest && (
        <div className="grid gap-3 sm:grid-cols-3">
          <TimeFields time={bootTest} change={({ every: _, ...more }) => onChange({ ...bootTest, ...more })} />
          <BootCheckFields check={bootTest} change={(more) => onChange({ ...bootTest, ...more })} />
        </div>
      )}
    </Section>
  )
}
