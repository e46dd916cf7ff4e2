'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { formatNames } from '#components/ui/format.ts'

type Template = Outputs['template']['list'][number]

/** Deletes a template; its image and the VMs made of it stay. */
export function DeleteTemplateDialog({ template, onClose }: { template: Template; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const use = useQuery(trpc.template.use.queryOptions({ id: template.id }))
  const remove = useMutation(
    trpc.template.delete.mutationOptions({
      onSuccess: () => {
        void client.invalidateQueries({ queryKey: trpc.template.pathKey() })
        onClose()
      },
    }),
  )
  const refused = remove.error && failure('The template was not deleted', remove.error)
  const unread = use.error && failure('What stands on its image could not be read', use.error)
  const error = refused ?? unread
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Delete ${template.name}?`}
      confirmLabel="Delete"
      isPending={remove.isPending}
      disabledReason={use.isPending ? 'Looking at what stands on its image' : undefined}
      onConfirm={() => remove.mutate({ id: template.id })}
      {...(error ? { error } : {})}
    >
      <p>No more VMs can be made of it. Those that were have copies of it and stay as they are.</p>
      {use.data && <ImageStays template={template} use={use.data} />}
    </ConfirmDialog>
  )
}

function ImageStays({ template, use }: { template: Template; use: Outputs['template']['use'] }) {
  const image = (
    <span className="font-mono text-xs break-all text-ink">
      {template.poolName}/{template.volumeName}
    </span>
  )
  if (use.hostNames.length === 0) return <p>No host has its image {image} any more.</p>
  const on = use.vms.length > 0 ? use.vms.map(({ name }) => name) : use.volumeNames
  return (
    <>
      <p>
        Its image {image} stays on {formatNames(use.hostNames)}.
      </p>
      {on.length > 0 && (
        <p className="text-degraded">
          {use.vms.length > 0 ? 'Disks of ' : ''}
          {formatNames(on)} {use.vms.length === 0 && on.length === 1 ? 'stands' : 'stand'} on the image itself: without
          that file they are lost.
        </p>
      )}
    </>
  )
}
