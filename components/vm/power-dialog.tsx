'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { ConfirmDialog } from '#components/ui/confirm-dialog.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Select } from '#components/ui/select.tsx'
import { defaultShutdownMs } from '#server/schema/vm-action.ts'
import { refusal } from './refusal.ts'

interface PowerDialogProps {
  vm: { id: string; name: string }
  onClose: () => void
}

const lost =
  'What programs in it have not written to disk is lost, and its file systems may need a check. Disks, snapshots and backups stay.'

const words = {
  reboot: {
    verb: 'Reboot',
    tone: 'primary',
    what: [
      'The guest is asked to restart by itself, through its agent or its power button. What runs in it is away until it is up again.',
    ],
  },
  reset: {
    verb: 'Reset',
    tone: 'danger',
    what: [
      'It ends as if its reset button were pressed: the guest gets no chance to stop, and starts again at once.',
      lost,
    ],
  },
  'force-off': {
    verb: 'Force off',
    tone: 'danger',
    what: ['It ends as if its power cord were pulled: the guest gets no chance to stop.', lost],
  },
} as const

/** Reboot, which is gentle but noticed by whoever uses the guest; reset and force off, which cost what it has not written. */
export function PowerConfirmDialog({ vm, action, onClose }: PowerDialogProps & { action: keyof typeof words }) {
  const trpc = useTRPC()
  const power = useMutation(trpc.vm.power.mutationOptions({ onSuccess: onClose }))
  const { verb, tone, what } = words[action]
  return (
    <ConfirmDialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`${verb} ${vm.name}?`}
      confirmLabel={verb}
      tone={tone}
      onConfirm={() => power.mutate({ id: vm.id, action })}
      isPending={power.isPending}
      error={refusal(`${vm.name} was left as it is`, power.error)}
    >
      {what.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
    </ConfirmDialog>
  )
}

const waits = [
  { id: '30000', label: '30 seconds' },
  { id: '60000', label: '1 minute' },
  { id: '120000', label: '2 minutes' },
  { id: '300000', label: '5 minutes' },
  { id: '600000', label: '10 minutes' },
  { id: '1800000', label: '30 minutes' },
]

/** Asks the guest to shut down, for a time that the person chooses. */
export function ShutDownDialog({ vm, onClose }: PowerDialogProps) {
  const trpc = useTRPC()
  const [waitMs, setWaitMs] = useState(String(defaultShutdownMs))
  const power = useMutation(trpc.vm.power.mutationOptions({ onSuccess: onClose }))
  const error = refusal(`${vm.name} was left as it is`, power.error)
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Shut down ${vm.name}?`}
      description="The guest is asked to stop by itself, through its agent or its power button."
      size="sm"
      footer={
        <>
          <Button autoFocus onPress={onClose}>
            Cancel
          </Button>
          <Button
            variant="primary"
            isPending={power.isPending}
            onPress={() => power.mutate({ id: vm.id, action: 'shutdown', timeoutMs: Number(waitMs) })}
          >
            Shut down
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        <Select
          label="Give it"
          value={waitMs}
          onChange={setWaitMs}
          options={waits}
          description="Still running after that? Then you are offered to force it off; nothing is forced by itself."
        />
        {error && <ErrorMessage {...error} />}
      </div>
    </Dialog>
  )
}
