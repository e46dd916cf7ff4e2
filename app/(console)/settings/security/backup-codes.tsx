'use client'

import { Download } from 'lucide-react'
import { Button } from '#components/ui/button.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'

/** Codes for the day the authenticator is lost, shown once. */
export function BackupCodes(props: { codes: readonly string[]; isNew?: boolean; onClose: () => void }) {
  const text = props.codes.join('\n')
  const save = () => {
    const url = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }))
    const link = document.createElement('a')
    link.href = url
    link.download = 'skerry-backup-codes.txt'
    link.click()
    URL.revokeObjectURL(url)
  }
  return (
    <Dialog
      isOpen
      onOpenChange={props.onClose}
      title={props.isNew ? 'The second factor is on' : 'Your new backup codes'}
      description="Keep these codes where you find them without your phone. Each signs you in once. They are shown only now."
      size="sm"
      role="alertdialog"
      footer={
        <>
          <Button icon={<Download size={14} aria-hidden="true" />} onPress={save}>
            Save as a file
          </Button>
          <Button variant="primary" onPress={props.onClose}>
            I have kept them
          </Button>
        </>
      }
    >
      <div className="relative rounded-md border border-line bg-surface p-3">
        <ul className="grid grid-cols-2 gap-x-6 gap-y-1 font-mono text-xs">
          {props.codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <CopyButton text={text} label="all codes" className="absolute top-1.5 right-1.5" />
      </div>
    </Dialog>
  )
}
