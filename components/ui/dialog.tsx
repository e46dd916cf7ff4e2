'use client'

import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { cx } from './class-name.ts'
import { IconButton } from './icon-button.tsx'

export type DialogSize = 'sm' | 'md' | 'lg' | 'xl'

export interface DialogProps {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  title: ReactNode
  description?: ReactNode
  /** 400, 520, 720 or 960 px wide; the whole screen on a phone. */
  size?: DialogSize
  /** Buttons, the main one last. */
  footer?: ReactNode
  /** At the left of the footer: an estimate, a hint. */
  footerNote?: ReactNode
  /** `alertdialog` for what needs an answer; it does not close by a click beside it. */
  role?: 'dialog' | 'alertdialog'
  children?: ReactNode
}

const widths: Record<DialogSize, string> = {
  sm: 'sm:max-w-100',
  md: 'sm:max-w-130',
  lg: 'sm:max-w-180',
  xl: 'sm:max-w-240',
}

export const overlayClassName = 'fixed inset-0 z-40 flex bg-scrim data-entering:animate-appear'

/** A modal that asks for something. The focus stays within, Escape closes, and focus returns to what opened it. */
export function Dialog({ footer, footerNote, children, ...frame }: DialogProps) {
  return (
    <DialogFrame {...frame}>
      <DialogBody footer={footer} footerNote={footerNote}>
        {children}
      </DialogBody>
    </DialogFrame>
  )
}

/** A dialog with its title alone: what it holds may be exchanged, each time a `DialogBody`, while it stays the same dialog. */
export function DialogFrame(props: Omit<DialogProps, 'footer' | 'footerNote'>) {
  const { isOpen, onOpenChange, title, description, size = 'md', role = 'dialog', children } = props
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      isDismissable={role === 'dialog'}
      className={cx(overlayClassName, 'items-end justify-center sm:items-start sm:p-4 sm:pt-[min(12vh,96px)]')}
    >
      <Modal className={cx('flex max-h-[92dvh] w-full sm:max-h-[80dvh]', widths[size])}>
        <AriaDialog
          role={role}
          className="flex w-full flex-col overflow-hidden rounded-t-xl bg-raised shadow-float outline-none sm:rounded-xl"
        >
          <header className="flex items-start gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Heading slot="title" className="text-base font-semibold text-ink">
                {title}
              </Heading>
              {description && <p className="mt-0.5 text-sm text-ink-muted">{description}</p>}
            </div>
            {role === 'dialog' && (
              <IconButton
                label="Close"
                icon={<X size={15} aria-hidden="true" />}
                onPress={() => onOpenChange(false)}
                className="-mt-0.5 -mr-1.5"
              />
            )}
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

/** What a dialog holds below its title. */
export function DialogBody({ footer, footerNote, children }: Pick<DialogProps, 'footer' | 'footerNote' | 'children'>) {
  return (
    <>
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-5">{children}</div>
      {(footer || footerNote) && (
        <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line bg-canvas px-5 py-3">
          {footerNote && <div className="mr-auto min-w-0 text-xs text-ink-muted">{footerNote}</div>}
          {footer}
        </footer>
      )}
    </>
  )
}
