'use client'

import { Button } from '#components/ui/button.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'

export interface SecretDialogProps {
  title: string
  description: string
  /** What it is, for the copy button. */
  label: string
  secret: string
  onClose: () => void
}

/** Something that is shown once. It does not close by a click beside it. */
export function SecretDialog({ title, description, label, secret, onClose }: SecretDialogProps) {
  return (
    <Dialog
      isOpen
      onOpenChange={onClose}
      role="alertdialog"
      title={title}
      description={description}
      footer={
        <Button variant="primary" onPress={onClose}>
          I have kept it
        </Button>
      }
    >
      <div className="flex items-start gap-2 rounded-md border border-line bg-surface py-2 pr-1.5 pl-3">
        <code className="min-w-0 flex-1 select-all break-all font-mono text-xs leading-6">{secret}</code>
        <CopyButton text={secret} label={label} />
      </div>
    </Dialog>
  )
}
