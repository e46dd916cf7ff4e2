'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { CodeBlock } from '#components/ui/code-block.tsx'
import { CodeEditor } from '#components/ui/code-editor.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { refusal } from '#components/vm/refusal.ts'
import { isLive, type OperationError } from '#server/schema/operation.ts'
import { useVm, type Vm } from '../use-vm.ts'

type Definition = Outputs['vm']['xml']

/**
 * The VM's definition as libvirt has it for its next start, which operators change, and libvirt says what is wrong with
 * it; while the VM runs, beside it what runs.
 */
export function VmXml() {
  const vm = useVm()
  const trpc = useTRPC()
  const query = useQuery(trpc.vm.xml.queryOptions({ id: vm.id }, { staleTime: 0 }))
  const [isEditing, setEditing] = useState(false)
  const failed = unread(query)
  if (failed) return <ErrorMessage {...pageFailure('The definition can’t be shown', failed)} />
  if (!query.data) return <SkeletonRows rows={12} label="Loading the definition" />
  const { xml, runningXml, canEdit } = query.data
  if (isEditing) return <XmlEditing vm={vm} definition={query.data} onEnd={() => setEditing(false)} />
  const answer = canEdit === true ? vm.can['edit-xml'] : canEdit
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <p className="min-w-0 flex-1 basis-60 text-sm text-ink-muted">
          As libvirt on {vm.host.name} has it{runningXml !== null && ' for the next start'}. Passwords in it are left
          out.
        </p>
        <Button
          icon={<Pencil size={14} aria-hidden="true" />}
          disabledReason={whyNot(answer)}
          onPress={() => setEditing(true)}
        >
          Edit
        </Button>
      </div>
      <CodeBlock code={xml} language="xml" label="XML" />
      {runningXml !== null && (
        <>
          <h3 className="font-medium text-ink text-sm">What runs now</h3>
          <CodeBlock code={runningXml} language="xml" label="XML of what runs now" />
        </>
      )}
    </div>
  )
}

/** libvirt's parser names the line: "(domain_definition):12: Opening and ending tag mismatch". */
function placeOf(error: OperationError, detail: string | null): { line: number | undefined; text: string } {
  const match = /\(domain_definition\):(\d+):\s*([^\n]*)/.exec(detail ?? '')
  return { line: match ? Number(match[1]) : undefined, text: match?.[2] ?? detail ?? error.message }
}

/** What a browser finds wrong before anyone is asked: "error on line 5 at column 3: …". */
function malformed(text: string): { line: number | undefined; text: string } | undefined {
  const complaint = new DOMParser().parseFromString(text, 'application/xml').querySelector('parsererror')?.textContent
  if (!complaint) return undefined
  const match = /line (\d+)[^:]*: (.+?)(?:Below is a rendering|\n|$)/i.exec(complaint)
  return { line: match ? Number(match[1]) : undefined, text: match?.[2] ?? 'It is not well-formed XML.' }
}

function XmlEditing({ vm, definition, onEnd }: { vm: Vm; definition: Definition; onEnd: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  // What others change meanwhile must not pass for what was edited.
  const [{ xml, version }] = useState(definition)
  const [text, setText] = useState(xml)
  const [isAsking, setAsking] = useState(false)
  const [wrong, setWrong] = useState<ReturnType<typeof malformed>>()
  const edit = useMutation(trpc.vm.editXml.mutationOptions({ onSettled: () => setAsking(false) }))
  const operation = useQuery({
    ...trpc.operation.get.queryOptions({ id: edit.data?.operationId ?? vm.id }),
    enabled: edit.data !== undefined,
  })
  const state = operation.data?.state
  const isAtWork = edit.isPending || (edit.data !== undefined && (state === undefined || isLive(state)))
  const isDone = state === 'succeeded'
  const end = useCallback(() => {
    void client.invalidateQueries({ queryKey: trpc.vm.xml.queryKey({ id: vm.id }) })
    onEnd()
  }, [client, trpc, vm.id, onEnd])
  useEffect(() => {
    if (isDone) end()
  }, [isDone, end])
  const found = wrong ?? (operation.data?.error ? placeOf(operation.data.error, operation.data.errorDetail) : undefined)
  const refused = refusal('The definition was not changed', edit.error)
  const change = (next: string) => {
    setText(next)
    setWrong(undefined)
    if (edit.data) edit.reset()
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <p role="status" className="min-w-0 flex-1 basis-60 text-sm text-ink-muted">
          {isAtWork
            ? 'libvirt reads it…'
            : vm.state === 'off'
              ? 'In effect when it is started. Name and UUID must stay.'
              : 'It is running: in effect from the next start on. Name and UUID must stay.'}
        </p>
        <Button onPress={end} isDisabled={isAtWork}>
          Cancel
        </Button>
        <Button
          variant="primary"
          isPending={isAtWork}
          disabledReason={text === xml ? 'Nothing is changed yet' : undefined}
          onPress={() => {
            const complaint = malformed(text)
            setWrong(complaint)
            setAsking(complaint === undefined)
          }}
        >
          Save…
        </Button>
      </div>
      {refused && <ErrorMessage {...refused} />}
      <CodeEditor
        label={`Definition of ${vm.name}`}
        value={text}
        onChange={change}
        isReadOnly={isAtWork}
        error={found?.text}
        errorLine={found?.line}
        className="h-[60dvh]"
      />
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setAsking}
        tone="primary"
        title={`Change the definition of ${vm.name}?`}
        confirmLabel="Change it"
        isPending={edit.isPending}
        onConfirm={() => edit.mutate({ id: vm.id, xml: text, basedOn: version })}
      >
        <p>
          libvirt checks the text and refuses it when something is wrong. A definition that is right and still keeps the
          VM from starting has to be changed back here.
        </p>
      </ConfirmDialog>
    </div>
  )
}
