'use client'

import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { cx } from './class-name.ts'

export interface CopyButtonProps {
  text: string
  /** What is copied, e.g. "address". */
  label: string
  className?: string
}

/** Copies a text and says so, to eyes and to screen readers. */
export function CopyButton({ text, label, className }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'refused'>('none')
  useEffect(() => {
    if (outcome === 'none') return
    const timer = setTimeout(() => setOutcome('none'), 1600)
    return () => clearTimeout(timer)
  }, [outcome])
  const words = { none: `Copy ${label}`, copied: 'Copied', refused: 'The browser refused to copy' }[outcome]
  return (
    <button
      type="button"
      title={words}
      aria-label={`Copy ${label}`}
      onClick={() => {
        copy(text).then(
          () => setOutcome('copied'),
          () => setOutcome('refused'),
        )
      }}
      className={cx(
        'inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-faint hover:bg-hover hover:text-ink',
        className,
      )}
    >
      {outcome === 'copied' ? (
        <Check size={13} aria-hidden="true" className="text-accent" />
      ) : (
        <Copy size={13} aria-hidden="true" />
      )}
      <span aria-live="polite" className="sr-only">
        {outcome === 'none' ? '' : words}
      </span>
    </button>
  )
}

/** The clipboard API is missing on plain http; then the browser's old way is used. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  if (!isCopied) throw new Error('The browser refused to copy')
}
