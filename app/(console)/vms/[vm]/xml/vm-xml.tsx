'use client'

import { useQuery } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { pageFailure, unread } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { CodeBlock } from '#components/ui/code-block.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { whyNot } from '#components/ui/why-not.ts'
import { useVm } from '../use-vm.ts'
import { XmlEditing } from './xml-editing.tsx'

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
  // What somebody has typed outlives a reading that is refused.
  if (isEditing && query.data) {
    return <XmlEditing vm={vm} definition={query.data} onEnd={() => setEditing(false)} />
  }
  if (failed) return <ErrorMessage {...pageFailure('The definition can’t be shown', failed)} />
  if (!query.data) return <SkeletonRows rows={12} label="Loading the definition" />
  const { xml, runningXml, canEdit } = query.data
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
