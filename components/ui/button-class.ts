import { cx } from './class-name.ts'

export type ButtonVariant = 'primary' | 'secondary' | 'quiet' | 'danger'
export type ButtonSize = 'sm' | 'md' | 'lg'

const byVariant: Record<ButtonVariant, string> = {
  primary: 'bg-primary text-primary-ink data-hovered:bg-primary-hover data-pressed:bg-primary-hover',
  secondary: 'border border-line bg-control text-ink data-hovered:bg-control-hover data-pressed:bg-active',
  quiet: 'text-ink-muted data-hovered:bg-hover data-hovered:text-ink data-pressed:bg-active',
  danger: 'bg-danger text-danger-ink data-hovered:bg-danger-hover data-pressed:bg-danger-hover',
}

const bySize: Record<ButtonSize, string> = {
  sm: 'h-7 gap-1.5 text-xs',
  md: 'h-8 gap-1.5 text-sm',
  lg: 'h-10 gap-2 text-base',
}

/** The look of a button, shared by Button and ButtonLink. `isOff` greys it and mutes its hover. */
export function buttonClassName(options: {
  variant: ButtonVariant
  size: ButtonSize
  isOff?: boolean
  isSquare?: boolean
}): string {
  const width = options.isSquare
    ? { sm: 'w-7', md: 'w-8', lg: 'w-10' }[options.size]
    : { sm: 'px-2', md: 'px-3', lg: 'px-4' }[options.size]
  return cx(
    'relative inline-flex shrink-0 cursor-default select-none items-center justify-center whitespace-nowrap rounded-md font-medium transition-colors duration-100 [&_svg]:shrink-0',
    bySize[options.size],
    width,
    options.isOff
      ? options.variant === 'quiet'
        ? 'text-ink-faint/70'
        : 'border border-line bg-sunken text-ink-faint'
      : byVariant[options.variant],
  )
}
