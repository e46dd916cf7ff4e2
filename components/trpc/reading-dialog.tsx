import { Button } from '#components/ui/button.tsx'
import { DialogBody, DialogFrame, type DialogProps } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { LoadingState } from '#components/ui/skeleton.tsx'
import { pageFailure, type Reading } from './failure.ts'

export interface ReadingDialogProps extends Pick<DialogProps, 'title' | 'description' | 'size' | 'role'> {
  /** What it is about, or that part of it which is not there yet */
  query: Reading
  /** A `DialogBody` of what was read; nothing before */
  children: DialogProps['children']
  onClose: () => void
}

/** A dialog about something that has to be read first. It is there at once, and stays the same when that has come. */
export function ReadingDialog({ query, children, onClose, ...frame }: ReadingDialogProps) {
  const { error } = query
  return (
    <DialogFrame isOpen onOpenChange={(isOpen) => !isOpen && onClose()} {...frame}>
      {children || (
        <DialogBody footer={<Button onPress={onClose}>Close</Button>}>
          {error ? (
            <ErrorMessage {...pageFailure('What this is about could not be read', { ...query, error })} />
          ) : (
            <LoadingState />
          )}
        </DialogBody>
      )}
    </DialogFrame>
  )
}
