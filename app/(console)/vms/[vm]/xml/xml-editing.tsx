'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { cx } from '#components/ui/class-name.ts'
import { CodeBlock } from '#components/ui/code-block.tsx'
import { CodeEditor } from '#components/ui/code-editor.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { type CallError, refusal } from '#components/vm/refusal.ts'
import { isLive, type OperationError } from '#server/schema/operation.ts'
import type { Vm } from '../use-vm.ts'
import { lineChanges } from './line-changes.ts'

type Definition = Outputs['vm']['xml']

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

/** The definition as a text to change. What others change meanwhile is put beside it, never lost and never taken over unseen. */
export function XmlEditing({ vm, definition, onEnd }: { vm: Vm; definition: Definition; onEnd: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  // What others change meanwhile must not pass for what was edited.
  const [begun] = useState(definition)
  const [base, setBase] = useState(begun)
  const [text, setText] = useState(base.xml)
  const [isAsking, setAsking] = useState(false)
  const [wrong, setWrong] = useState<ReturnType<typeof malformed>>()
  const edit = useMutation(trpc.vm.editXml.mutationOptions({ onSettled: () => setAsking(false) }))
  const operation = useQuery({
    ...trpc.operation.get.queryOptions({ id: edit.data?.operationId ?? vm.id }),
    enabled: edit.data !== undefined,
  })
  const readAgain = useMutation<Definition, CallError>({
    mutationFn: () => client.fetchQuery({ ...trpc.vm.xml.queryOptions({ id: vm.id }), staleTime: 0 }),
    onSuccess: (newer) => {
      setBase(newer)
      edit.reset()
    },
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
  const failed = edit.data ? operation.data?.error : undefined
  const conflict = failed?.code === 'conflict' ? failed : undefined
  const found = wrong ?? (failed && !conflict ? placeOf(failed, operation.data?.errorDetail ?? null) : undefined)
  const isNewer = base.version !== begun.version
  const unreadAgain = refusal('The newer definition could not be read', readAgain.error)
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
          disabledReason={text === base.xml ? 'Nothing is changed yet' : undefined}
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
      {conflict && (
        <div className="flex flex-col items-start gap-2">
          <ErrorMessage title="The definition was not changed" message={conflict.message} className="self-stretch" />
          <Button isPending={readAgain.isPending} onPress={() => readAgain.mutate()}>
            Read it again and keep my text
          </Button>
        </div>
      )}
      {unreadAgain && <ErrorMessage {...unreadAgain} />}
      {isNewer && <TheirChanges before={begun.xml} after={base.xml} />}
      <div className={cx('grid gap-3', isNewer && 'lg:grid-cols-2')}>
        <CodeEditor
          label={`Definition of ${vm.name}`}
          value={text}
          onChange={change}
          isReadOnly={isAtWork}
          error={found?.text}
          errorLine={found?.line}
          className="h-[60dvh]"
        />
        {isNewer && (
          <section aria-label="The newer definition" className="flex h-[60dvh] min-w-0 flex-col gap-1 overflow-y-auto">
            <CodeBlock code={base.xml} language="xml" label="XML of the newer definition" />
          </section>
        )}
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setAsking}
        tone="primary"
        title={`Change the definition of ${vm.name}?`}
        confirmLabel="Change it"
        isPending={edit.isPending}
        onConfirm={() => edit.mutate({ id: vm.id, xml: text, basedOn: base.version })}
      >
        <p>
          libvirt checks the text and refuses it when something is wrong. A definition that is right and still keeps the
          VM from starting has to be changed back here.
        </p>
      </ConfirmDialog>
    </div>
  )
}

/** What somebody else has changed since the editing began, to be taken over or not. */
function TheirChanges({ before, after }: { before: string; after: string }) {
  return (
    <section aria-label="Changed meanwhile" className="flex flex-col gap-2 rounded-md bg-degraded-soft/60 p-3 text-sm">
      <p>
        Somebody else has changed these lines meanwhile. Saving puts your text in the place of theirs, so take over what
        shall stay.
      </p>
      <CodeBlock
        code={lineChanges(before, after)
          .map(({ kind, text }) => `${kind === 'gone' ? '−' : '+'} ${text}`)
          .join('\n')}
        language="diff"
        label="lines that were changed"
        className="max-h-48 overflow-y-auto"
      />
    </section>
  )
}
