'use client'

import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { RecoveryDisks, type RestoreMeasure } from '#server/schema/backup.ts'
import type { Vm } from '../use-vm.ts'
import { RestoreDisks } from './restore-disks.tsx'

interface RestoreConfirmProps {
  vm: Vm
  point: { id: string; takenAt: Date | string; disks: unknown }
  /** Where it is read from; left out for its datastore */
  archiveStoreId?: string
  title: string
  measure?: RestoreMeasure | undefined
  /** Why it can't be confirmed */
  obstacle?: string | undefined
  /** Goes on after what the disks become */
  about: (isAll: boolean) => ReactNode
  /** Below the disks, for those that are chosen */
  children: (chosen: readonly string[]) => ReactNode
  onClose: () => void
}

/** Asks for the name of a VM, and for which of its disks are led back in place. */
export function RestoreConfirm(props: RestoreConfirmProps) {
  const { vm, point, archiveStoreId, measure, onClose } = props
  const trpc = useTRPC()
  const restore = useMutation(trpc.backup.restore.mutationOptions({ onSuccess: onClose }))
  const disks = RecoveryDisks.safeParse(point.disks).data ?? []
  const [picked, setPicked] = useState<string[]>(disks.map(({ target }) => target))
  const barred = measure?.disks.filter(({ obstacle }) => obstacle !== null).map(({ target }) => target) ?? []
  const chosen = picked.filter((target) => !barred.includes(target))
  const isAll = chosen.length === disks.length
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={props.title}
      confirmLabel="Restore"
      typedName={vm.name}
      tone="primary"
      isPending={restore.isPending}
      disabledReason={props.obstacle ?? (disks.length > 0 && chosen.length === 0 ? 'Choose a disk first' : undefined)}
      onConfirm={() =>
        restore.mutate({
          ...{ vmId: vm.id, recoveryPointId: point.id },
          ...(archiveStoreId === undefined ? {} : { archiveStoreId }),
          ...(isAll ? {} : { disks: chosen }),
        })
      }
      error={refusal(`${vm.name} was not restored`, restore.error)}
    >
      <p>
        {isAll ? 'Its disks become' : 'The chosen disks become'} what they were{' '}
        <RelativeTime at={point.takenAt} isExact className="font-medium text-ink" />. {props.about(isAll)}
      </p>
      <RestoreDisks disks={disks} measure={measure} chosen={chosen} onChange={setPicked} />
      {props.children(chosen)}
    </ConfirmDialog>
  )
}
