import { Button } from '#components/ui/button.tsx'
import { Dialog, type DialogProps } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { LoadingState } from '#components/ui/skeleton.tsx'
import { pageFailure, type Reading } from './failure.ts'

export interface ReadingDialogProps extends Pick<DialogProps, 'size'> {
  title: string
  query: Reading
  onClose: () => void
}

/** In place of a dialog while what it is about is being read, or can't be. */
export function ReadingDialog({ title, query, size = 'sm', onClose }: ReadingDialogProps) {
  const { error } = query
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={title}
      size={size}
      footer={<Button onPress={onClose}>Close</Button>}
    >
      {error ? (
        <ErrorMessage {...pageFailure('What this is about could not be read', { ...query, error })} />
      ) : (
        <LoadingState />
      )}
    </Dialog>
  )
}
