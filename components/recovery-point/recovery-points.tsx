'use client'

import { type ReactNode, useState } from 'react'
import { BootTestCard } from '#components/boot-test/boot-test-card.tsx'
import { BootTestDialog } from '#components/boot-test/boot-test-dialog.tsx'
import { Card } from '#components/ui/card.tsx'
import { formatCounted } from '#components/ui/format.ts'
import { DeleteRecoveryPointDialog } from './delete-recovery-point-dialog.tsx'
import { NewVmDialog } from './new-vm-dialog.tsx'
import { type PointCommand, RecoveryPointList, type RecoveryPointListProps } from './recovery-point-list.tsx'
import { whyUnusable } from './recovery-point-words.ts'

interface RecoveryPointsProps extends Omit<RecoveryPointListProps, 'onCommand'> {
  isGone: boolean
  /** Beside the title of their list */
  actions?: ReactNode
  /** Instead of the list where there is none */
  empty?: ReactNode
}

/** What a VM can be restored to, whether it boots, and the dialogs for what can be done with it. */
export function RecoveryPoints({ isGone, actions, empty, ...list }: RecoveryPointsProps) {
  const { recoveryPoints, bootTests, can } = list
  const [asked, setAsked] = useState<PointCommand>()
  const close = () => setAsked(undefined)
  const newest = recoveryPoints.find((point) => !whyUnusable(point))
  return (
    <>
      {(recoveryPoints.length > 0 || bootTests.length > 0) && (
        <BootTestCard
          tests={bootTests}
          can={can}
          onTest={newest && (() => setAsked({ kind: 'boot-test', point: newest }))}
        />
      )}
      {recoveryPoints.length > 0 ? (
        <Card title={formatCounted(recoveryPoints.length, 'recovery point')} isFlush actions={actions} className="pb-1">
          <RecoveryPointList {...list} onCommand={setAsked} />
        </Card>
      ) : (
        empty
      )}
      {(asked?.kind === 'restore-new' || asked?.kind === 'clone') && (
        <NewVmDialog recoveryPoint={asked.point} isClone={asked.kind === 'clone'} isGone={isGone} onClose={close} />
      )}
      {asked?.kind === 'boot-test' && <BootTestDialog recoveryPoint={asked.point} onClose={close} />}
      {asked?.kind === 'delete' && (
        <DeleteRecoveryPointDialog recoveryPoints={recoveryPoints} recoveryPoint={asked.point} onClose={close} />
      )}
    </>
  )
}
