'use client'

import { useId } from 'react'
import { controlClassName, cx } from '#components/ui/class-name.ts'

/** A day of the reader's calendar, "2026-03-09" or empty. */
export function DayField({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (day: string) => void
}) {
  const id = useId()
  return (
    <span className="flex items-center gap-1.5">
      <label htmlFor={id} className="text-xs text-ink-muted">
        {label}
      </label>
      <input
        id={id}
        type="date"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={cx(controlClassName, 'w-34 focus-visible:focus-ring')}
      />
    </span>
  )
}
