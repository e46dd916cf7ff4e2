import { CopyButton } from '#components/ui/copy-button.tsx'

/** A link, password or key to copy and pass on. */
export function OneTimeText({ label, text }: { label: string; text: string }) {
  return (
    <div className="flex items-center gap-2 rounded-md border border-line bg-sunken py-1.5 pr-1.5 pl-3">
      <code className="min-w-0 flex-1 break-all font-mono text-xs text-ink">{text}</code>
      <CopyButton text={text} label={label} />
    </div>
  )
}
