'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'

export interface DeleteSiteDialogProps {
  site: { id: string; name: string }
  onClose: () => void
  onDeleted: () => void
}

/** Deletes a site that has no hosts any more. */
export function DeleteSiteDialog({ site, onClose, onDeleted }: DeleteSiteDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const remove = useMutation(
    trpc.site.delete.mutationOptions({
      onSuccess: () => {
        onDeleted()
        void client.invalidateQueries({ queryKey: trpc.fleet.pathKey() })
      },
    }),
  )
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Delete ${site.name}?`}
      confirmLabel="Delete"
      typedName={site.name}
      goesWith={[{ label: 'What was measured on its links' }]}
      isPending={remove.isPending}
      onConfirm={() => remove.mutate({ id: site.id })}
      {...(remove.error ? { error: failure('The site was not deleted', remove.error) } : {})}
    >
      <p>The place goes from the map and the lists.</p>
    </ConfirmDialog>
  )
}
