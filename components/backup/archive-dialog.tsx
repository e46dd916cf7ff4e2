'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes, formatCount } from '#components/ui/format.ts'
import { Spinner } from '#components/ui/spinner.tsx'
import { archiveLimits } from '#server/schema/recovery-file.ts'
import { downloadHref, type FilePlace, startDownload } from './file-place.ts'
import { visibleName } from './file-words.ts'

interface ArchiveDialogProps {
  place: FilePlace
  /** What stands for the root */
  rootName: string
  onClose: () => void
}

/** A folder as one tar archive; says first what is in it. */
export function ArchiveDialog({ place, rootName, onClose }: ArchiveDialogProps) {
  const measure = useQuery(useTRPC().recoveryFile.measure.queryOptions(place, { retry: false }))
  const name = visibleName(place.path.at(-1) ?? rootName)
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Download ${name}`}
      size="sm"
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isDisabled={!measure.data}
            onPress={() => {
              startDownload(downloadHref('archive', place))
              onClose()
            }}
          >
            Download as tar
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 text-sm">
        {measure.isPending && (
          <p role="status" className="flex items-center gap-2 text-ink-muted">
            <Spinner /> Counting what is in it
          </p>
        )}
        {measure.data && (
          <p>
            <span className="font-medium">{formatCount(measure.data.files)}</span> files and folders,{' '}
            <span className="font-medium">{formatBytes(measure.data.sizeBytes)}</span> before it is packed.
          </p>
        )}
        {measure.error && <ErrorMessage {...failure(`${name} can’t be downloaded as one`, measure.error)} />}
        <p className="text-ink-muted">
          Up to {formatCount(archiveLimits.mostFiles)} files and {formatBytes(archiveLimits.mostBytes)}. Symbolic links
          stay links; devices, pipes and sockets are left out. So is what can’t be read: a text beside the folder names
          it.
        </p>
      </div>
    </Dialog>
  )
}
