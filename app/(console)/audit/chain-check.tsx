'use client'

import { useQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { LoadingState } from '#components/ui/skeleton.tsx'

const faultText = {
  altered: 'was altered, or an entry before it was',
  removed: 'is missing',
}

/** Walks every chain the person may read and says what was found, in words. */
export function ChainCheck({ nameOf }: { nameOf: (chain: string) => string }) {
  const trpc = useTRPC()
  const [isOpen, setOpen] = useState(false)
  const check = useQuery({ ...trpc.audit.check.queryOptions({}), enabled: isOpen, staleTime: 0, gcTime: 0 })
  const faults = check.data?.faults
  return (
    <>
      <Button icon={<ShieldCheck size={14} aria-hidden="true" />} onPress={() => setOpen(true)}>
        Check
      </Button>
      <Dialog
        isOpen={isOpen}
        onOpenChange={setOpen}
        title="Is the audit whole?"
        description="Each entry carries a hash of itself and of the one before it, so a change or a gap shows."
        footer={
          <>
            <Button onPress={() => void check.refetch()} isPending={check.isFetching}>
              Check again
            </Button>
            <Button variant="primary" onPress={() => setOpen(false)}>
              Close
            </Button>
          </>
        }
      >
        {check.error ? (
          <ErrorMessage {...failure('The check could not be made', check.error)} />
        ) : !faults || check.isFetching ? (
          <LoadingState label="Walking the chains…" />
        ) : faults.length === 0 ? (
          <EmptyState
            icon={<ShieldCheck size={24} aria-hidden="true" className="text-running" />}
            title="Nothing was altered or removed"
          >
            Every entry you may read is as it was written, and none is missing.
          </EmptyState>
        ) : (
          <ErrorMessage
            title={faults.length === 1 ? 'One chain is broken' : `${faults.length} chains are broken`}
            message={faults
              .map(
                ({ chain, sequence, fault }) =>
                  `In the audit of ${nameOf(chain)}, entry ${sequence} ${faultText[fault]}.`,
              )
              .join(' ')}
            whatToDo="Compare with an earlier export or a backup of the database, and find out who could write to it."
          />
        )}
      </Dialog>
    </>
  )
}
