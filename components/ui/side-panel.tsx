'use client'

import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { cx } from './class-name.ts'
import { overlayClassName } from './dialog.tsx'
import { IconButton } from './icon-button.tsx'

export interface SidePanelProps {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  title: string
  side?: 'left' | 'right'
  footer?: ReactNode
  children: ReactNode
}

/** A modal panel along one side: details beside a list, or the navigation on a phone. */
export function SidePanel({ isOpen, onOpenChange, title, side = 'right', footer, children }: SidePanelProps) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      isDismissable
      className={cx(overlayClassName, side === 'right' ? 'justify-end' : 'justify-start')}
    >
      <Modal className="h-dvh w-[min(420px,calc(100vw-40px))]">
        <AriaDialog className="flex h-full flex-col bg-raised shadow-float outline-none">
          <header className="flex h-12 shrink-0 items-center gap-2 px-4">
            <Heading slot="title" className="min-w-0 flex-1 truncate text-sm font-semibold text-ink">
              {title}
            </Heading>
            <IconButton label="Close" icon={<X size={15} aria-hidden="true" />} onPress={() => onOpenChange(false)} />
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-4">{children}</div>
          {footer && <footer className="flex justify-end gap-2 border-t border-line px-4 py-3">{footer}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
