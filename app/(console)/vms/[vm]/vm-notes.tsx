'use client'

import { useMutation } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { TextArea } from '#components/ui/text-area.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { refusal } from '#components/vm/refusal.ts'
import type { Vm } from './use-vm.ts'

/** What people want to remember of the VM; kept in its definition, so other tools see it too. */
export function VmNotes({ vm }: { vm: Vm }) {
  const trpc = useTRPC()
  const [draft, setDraft] = useState<string | null>(null)
  const edit = useMutation(trpc.vm.edit.mutationOptions({ onSuccess: () => setDraft(null) }))
  const error = refusal('The notes were not changed', edit.error)
  const save = () => (draft === vm.notes ? setDraft(null) : edit.mutate({ id: vm.id, notes: draft ?? '' }))
  if (draft === null) {
    return (
      <Card
        title="Notes"
        actions={
          <Button
            size="sm"
            variant="quiet"
            icon={<Pencil size={13} aria-hidden="true" />}
            label="Edit the notes"
            disabledReason={whyNot(vm.can.edit)}
            onPress={() => setDraft(vm.notes)}
          >
            Edit
          </Button>
        }
      >
        {vm.notes ? (
          <p className="whitespace-pre-wrap break-words text-sm">{vm.notes}</p>
        ) : (
          <p className="text-sm text-ink-faint">None. Say here what it is for and whom to ask.</p>
        )}
      </Card>
    )
  }
  return (
    <Card title="Notes">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setDraft(null)
          if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) save()
        }}
        className="flex flex-col gap-2"
      >
        <TextArea label="Notes" isLabelHidden value={draft} onChange={setDraft} rows={6} autoFocus />
        {error && <ErrorMessage {...error} />}
        <div className="flex justify-end gap-2">
          <Button size="sm" onPress={() => setDraft(null)}>
            Cancel
          </Button>
          <Button size="sm" variant="primary" type="submit" isPending={edit.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  )
}
