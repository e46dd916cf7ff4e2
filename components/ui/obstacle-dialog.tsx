'use client'

import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

export interface ObstacleDialogProps {
  title: string
  /** Why, and the way out */
  children: ReactNode
  onClose: () => void
}

/** In place of the dialog that a link asked for, where what it is for can't be done. */
export function ObstacleDialog({ title, children, onClose }: ObstacleDialogProps) {
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={title}
      size="sm"
      footer={
        <Button autoFocus onPress={onClose}>
          Close
        </Button>
      }
    >
      <p className="text-sm text-ink-muted">{children}</p>
    </Dialog>
  )
}
