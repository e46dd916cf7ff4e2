'use client'

import type { ReactNode } from 'react'
import { Radio, RadioGroup } from 'react-aria-components'
import { cx } from './class-name.ts'
import { FieldHelp, FieldLabel, type FieldProps, fieldClassName } from './field.tsx'

/** One card of RadioCards. */
export interface RadioCard {
  id: string
  title: string
  description?: ReactNode
  icon?: ReactNode
  /** At the right of the title: a price, a time, a badge. */
  aside?: ReactNode
  disabledReason?: string
}

export interface RadioCardsProps extends FieldProps {
  cards: readonly RadioCard[]
  /** Null: none is chosen. */
  value?: string | null
  defaultValue?: string
  onChange?: (id: string) => void
  /** Cards side by side from 640 px up. */
  columns?: 1 | 2 | 3
}

const columnClass = { 1: '', 2: 'sm:grid-cols-2', 3: 'sm:grid-cols-3' }

/** One of a few, when each needs a sentence. */
export function RadioCards(props: RadioCardsProps) {
  const { label, isLabelHidden, description, error, isRequired, cards, columns = 1, className } = props
  return (
    <RadioGroup
      name={props.name}
      value={props.value}
      defaultValue={props.defaultValue}
      onChange={props.onChange}
      isRequired={isRequired}
      isDisabled={props.isDisabled}
      isInvalid={error ? true : undefined}
      className={cx(fieldClassName, className)}
    >
      <FieldLabel isHidden={isLabelHidden} isRequired={isRequired}>
        {label}
      </FieldLabel>
      <div className={cx('grid gap-2', columnClass[columns])}>
        {cards.map((card) => (
          <Radio
            key={card.id}
            value={card.id}
            // What is chosen stays enabled when it can't be taken any more: the arrow keys start from there.
            isDisabled={Boolean(card.disabledReason) && card.id !== props.value}
            className="group flex gap-2.5 rounded-md border border-line bg-surface p-2.5 data-focus-visible:focus-ring data-focus-visible:outline-offset-1 data-hovered:bg-hover data-selected:border-accent data-selected:bg-accent-soft data-disabled:bg-sunken"
          >
            <span className="mt-0.75 flex size-3.5 shrink-0 items-center justify-center rounded-full border border-line-strong bg-surface group-data-disabled:border-line group-data-selected:border-4 group-data-selected:border-accent" />
            <span className="flex min-w-0 flex-1 flex-col">
              <span className="flex items-center gap-1.5 text-sm font-medium text-ink group-data-disabled:text-ink-faint">
                {card.icon}
                <span className="min-w-0 flex-1">{card.title}</span>
                {card.aside && <span className="text-xs font-normal text-ink-muted">{card.aside}</span>}
              </span>
              {(card.disabledReason || card.description) && (
                <span className="text-xs text-ink-muted">{card.disabledReason ?? card.description}</span>
              )}
            </span>
          </Radio>
        ))}
      </div>
      <FieldHelp description={description} error={error} />
    </RadioGroup>
  )
}
