'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { MakeTemplateDialog } from '#components/template/make-template-dialog.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { useGo } from '#components/ui/use-go.ts'
import { BackUpDialog } from './back-up-dialog.tsx'
import { CloneVmDialog } from './clone-vm-dialog.tsx'
import { DeleteVmDialog } from './delete-vm-dialog.tsx'
import { KeepCloneDialog } from './keep-clone-dialog.tsx'
import { MigrateDialog } from './migrate/migrate-dialog.tsx'
import { PowerConfirmDialog, ShutDownDialog } from './power-dialog.tsx'
import { toastRefusal } from './refusal.ts'
import { TakeSnapshotDialog } from './take-snapshot-dialog.tsx'
import type { CommandVm, VmCommand } from './vm-command.tsx'

interface Asked {
  command: VmCommand
  vm: CommandVm
}

/** Gives commands to VMs: at once, or after the dialog that `dialog` holds; render it once on the page. */
export function useVmCommand(): {
  run: (command: VmCommand, vm: CommandVm) => void
  dialog: ReactNode
  isPending: (vmId: string) => boolean
} {
  const trpc = useTRPC()
  const client = useQueryClient()
  const go = useGo()
  const [asked, setAsked] = useState<Asked | null>(null)
  const power = useMutation(trpc.vm.power.mutationOptions({ onError: toastRefusal }))
  const protect = useMutation(
    trpc.vm.setProtected.mutationOptions({
      onError: toastRefusal,
      onSuccess: (_, { id }) => client.invalidateQueries({ queryKey: trpc.vm.get.queryKey({ id }) }),
    }),
  )
  const run = (command: VmCommand, vm: CommandVm) => {
    switch (command) {
      case 'start':
      case 'suspend':
      case 'resume':
        return power.mutate({ id: vm.id, action: command })
      case 'protect':
      case 'unprotect':
        return protect.mutate({ id: vm.id, protected: command === 'protect' })
      case 'edit':
        return go(`/vms/${vm.id}/configuration?edit=yes`)
      default:
        return setAsked({ command, vm })
    }
  }
  return {
    run,
    dialog: asked && <CommandDialog {...asked} onClose={() => setAsked(null)} />,
    isPending: (vmId) => power.isPending && power.variables.id === vmId,
  }
}

function CommandDialog({ command, vm, onClose }: Asked & { onClose: () => void }) {
  switch (command) {
    case 'shutdown':
      return <ShutDownDialog vm={vm} onClose={onClose} />
    case 'reboot':
    case 'reset':
    case 'force-off':
      return <PowerConfirmDialog vm={vm} action={command} onClose={onClose} />
    case 'snapshot':
      return <TakeSnapshotDialog vm={vm} onClose={onClose} />
    case 'backup':
      return <BackUpDialog vm={vm} onClose={onClose} />
    case 'migrate':
      return <MigrateDialog vm={vm} onClose={onClose} />
    case 'clone':
      return <CloneVmDialog vm={vm} onClose={onClose} />
    case 'make-template':
      return <MakeTemplateDialog vm={vm} onClose={onClose} />
    case 'keep':
      return <KeepCloneDialog vm={vm} onClose={onClose} />
    case 'delete':
      return <DeleteVmDialog vm={vm} onClose={onClose} />
    default:
      return null
  }
}
