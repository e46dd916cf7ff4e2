'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { RecoveryPoint } from '#components/recovery-point/recovery-point-list.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { BootCheck } from '#server/schema/boot-test.ts'
import { BootCheckFields } from './boot-check-fields.tsx'

interface BootTestDialogProps {
  recoveryPoint: RecoveryPoint
  onClose: () => void
}

/** Asks for proof that a recovery point boots. */
export function BootTestDialog({ recoveryPoint, onClose }: BootTestDialogProps) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [check, setCheck] = useState(() => BootCheck.parse({}))
  const start = useMutation(
    trpc.bootTest.start.mutationOptions({
      onSuccess: () => {
        onClose()
        return Promise.all([
          client.invalidateQueries({ queryKey: trpc.backup.pathKey() }),
          client.invalidateQueries({ queryKey: trpc.recoveryPoint.pathKey() }),
        ])
      },
    }),
  )
  const error = refusal('It is not tested', start.error)
  return (
    <FormDialog
      title={`Boot test of ${recoveryPoint.vmName}`}
      description={
        <>
          As it was <RelativeTime at={recoveryPoint.takenAt} isExact />.
        </>
      }
      submitLabel="Start the test"
      isPending={start.isPending}
      isIncomplete={!BootCheck.safeParse(check).success}
      onSubmit={() => start.mutate({ recoveryPointId: recoveryPoint.id, ...check })}
      onClose={onClose}
    >
      <p className="text-sm text-ink-muted">
        It is restored as a throw-away VM whose network cards are unplugged, so that it can meet nobody, started, looked
        at and thrown away. It counts against no quota, and {recoveryPoint.vmName} itself is not touched.
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        <BootCheckFields check={check} change={(more) => setCheck({ ...check, ...more })} />
      </div>
      {error && <ErrorMessage {...error} />}
    </FormDialog>
  )
}
