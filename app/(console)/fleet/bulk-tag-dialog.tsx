'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { Tag, TagList } from '#components/ui/tag.tsx'
import { refusal } from '#components/vm/refusal.ts'
import type { BulkDialogProps } from './bulk.ts'
import { BulkNames } from './bulk-names.tsx'
import { BulkResultDialog } from './bulk-result-dialog.tsx'

/** Adds tags to many VMs and takes others from them. */
export function BulkTagDialog({ ids, selected, onClose }: BulkDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [add, setAdd] = useState<string[]>([])
  const [remove, setRemove] = useState<string[]>([])
  const setTags = useMutation(
    trpc.vm.setTags.mutationOptions({
      onSuccess: ({ done, refused }) => {
        void client.invalidateQueries({ queryKey: trpc.vm.pathKey() })
        if (refused.length > 0) return
        toast.success(`Tags of ${formatCounted(done.length, 'VM')} changed`)
        onClose()
      },
    }),
  )
  const present = [...new Set(selected.flatMap((vm) => vm.tags))].sort()
  const isNothing = add.length + remove.length === 0
  const error = refusal('The tags were not changed', setTags.error)
  if (setTags.data)
    return <BulkResultDialog title="Not all tags were changed" result={setTags.data} onClose={onClose} />
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Tags of ${formatCounted(ids.length, 'VM')}`}
      size="sm"
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isPending={setTags.isPending}
            disabledReason={isNothing ? 'Nothing is changed yet' : undefined}
            onPress={() => setTags.mutate({ ids, add, remove })}
          >
            Save
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <BulkNames count={ids.length} selected={selected} />
        <div className="flex flex-col gap-1">
          <span className="text-xs font-medium text-ink-muted">Add to all</span>
          <TagList tags={add} onChange={setAdd} className="min-h-6" />
        </div>
        {present.length > 0 && (
          <div className="flex flex-col gap-1">
            <span className="text-xs font-medium text-ink-muted">Take away (press to mark)</span>
            <span className="flex flex-wrap gap-1">
              {present.map((tag) => (
                <Tag
                  key={tag}
                  onPress={() =>
                    setRemove(remove.includes(tag) ? remove.filter((each) => each !== tag) : [...remove, tag])
                  }
                  className={remove.includes(tag) ? 'line-through decoration-failed' : undefined}
                >
                  {tag}
                </Tag>
              ))}
            </span>
            <span role="status" className="text-xs text-ink-faint">
              {remove.length > 0 && `Goes: ${remove.join(', ')}`}
            </span>
          </div>
        )}
        {error && <ErrorMessage {...error} />}
      </div>
    </Dialog>
  )
}
