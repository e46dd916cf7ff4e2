import type { LucideIcon } from 'lucide-react'
import { Button } from './button.tsx'

interface RowButtonProps {
  /** "Edit": what it does, after which it asks more */
  verb: string
  /** Of the row, so that each button has a name of its own */
  name: string
  icon: LucideIcon
  disabledReason?: string | undefined
  onPress: () => void
}

/** A quiet command at the end of a row. */
export function RowButton({ verb, name, icon: Icon, disabledReason, onPress }: RowButtonProps) {
  return (
    <Button
      size="sm"
      variant="quiet"
      icon={<Icon size={13} aria-hidden="true" />}
      label={`${verb} ${name}`}
      disabledReason={disabledReason}
      onPress={onPress}
    >
      {verb}…
    </Button>
  )
}
