'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Bookmark } from 'lucide-react'
import { useSearchParams } from 'next/navigation'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Menu } from '#components/ui/menu.tsx'
import { TextField } from '#components/ui/text-field.tsx'

const page = '/fleet'

/** The page as it stands under a name: filter, sort, columns, tree. */
export function SavedViews() {
  const trpc = useTRPC()
  const client = useQueryClient()
  const query = useSearchParams().toString()
  const views = useQuery(trpc.savedView.list.queryOptions({ page }))
  const [isNaming, setNaming] = useState(false)
  const reread = () => client.invalidateQueries({ queryKey: trpc.savedView.list.queryKey({ page }) })
  const remove = useMutation(
    trpc.savedView.delete.mutationOptions({ onSuccess: reread, onError: (error) => toast.error(error.message) }),
  )
  const current = views.data?.find((view) => view.query === query)
  return (
    <>
      <Menu
        label="Views"
        trigger={
          <Button
            variant="quiet"
            icon={<Bookmark size={14} aria-hidden="true" />}
            label={`Views: ${current?.name ?? 'none'}`}
          >
            <span className="hidden sm:inline">{current?.name ?? 'Views'}</span>
          </Button>
        }
        groups={[
          {
            id: 'views',
            title: views.data?.length === 0 ? undefined : 'Saved views',
            items: views.data
              ? views.data.map((view) => ({ id: view.id, label: view.name, href: `${page}?${view.query}` }))
              : [
                  views.error
                    ? { id: 'again', label: 'They could not be read: try again', onAction: () => void views.refetch() }
                    : { id: 'reading', label: 'Reading them…', disabledReason: 'A moment' },
                ],
          },
          {
            id: 'change',
            items: [
              { id: 'save', label: 'Save this view…', onAction: () => setNaming(true) },
              ...(current
                ? [
                    {
                      id: 'delete',
                      label: `Delete “${current.name}”`,
                      isDanger: true,
                      onAction: () => remove.mutate({ id: current.id }),
                    },
                  ]
                : []),
            ],
          },
        ]}
      />
      <NameView isOpen={isNaming} onOpenChange={setNaming} query={query} onSaved={reread} />
    </>
  )
}

function NameView(props: {
  isOpen: boolean
  onOpenChange: (isOpen: boolean) => void
  query: string
  onSaved: () => void
}) {
  const trpc = useTRPC()
  const [name, setName] = useState('')
  const save = useMutation(
    trpc.savedView.save.mutationOptions({
      onSuccess: () => {
        props.onSaved()
        props.onOpenChange(false)
        setName('')
      },
    }),
  )
  return (
    <Dialog
      isOpen={props.isOpen}
      onOpenChange={props.onOpenChange}
      title="Save this view"
      description="Filter, sort, columns and tree as they are now. A view of the same name is replaced."
      size="sm"
      footer={
        <>
          <Button onPress={() => props.onOpenChange(false)}>Cancel</Button>
          <Button variant="primary" type="submit" form="name-view" isPending={save.isPending} isDisabled={!name.trim()}>
            Save
          </Button>
        </>
      }
    >
      <form
        id="name-view"
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate({ name, page, query: props.query })
        }}
        className="flex flex-col gap-3"
      >
        <TextField label="Name" value={name} onChange={setName} autoFocus />
        {save.error && <ErrorMessage title="The view was not saved" message={save.error.message} />}
      </form>
    </Dialog>
  )
}
