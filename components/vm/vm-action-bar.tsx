'use client'

import { ChevronDown } from 'lucide-react'
import type { Outputs } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Menu } from '#components/ui/menu.tsx'
import { useVmCommand } from './use-vm-command.tsx'
import { commandLook, reasonAgainst, type VmCommand, vmMenu } from './vm-command.tsx'
import { isToBeResumed } from './vm-state.ts'

/** What can be done with a VM: the usual in sight, the rest behind one button. */
export function VmActionBar({ vm }: { vm: Outputs['vm']['get'] }) {
  const { run, dialog, isPending } = useVmCommand()
  const first: VmCommand = isToBeResumed(vm) ? 'resume' : 'start'
  // Whoever may give a VM away runs the fleet; for others moving it is only a line in the menu.
  const shown: VmCommand[] = vm.may.assign === true ? [first, 'shutdown', 'migrate'] : [first, 'shutdown']
  return (
    <>
      {shown.map((command) => {
        const reason = reasonAgainst(vm, vm, command)
        return (
          <Button
            key={command}
            variant={command === first && !reason ? 'primary' : 'secondary'}
            icon={commandLook[command].icon}
            disabledReason={reason}
            isPending={command === first && isPending(vm.id)}
            onPress={() => run(command, vm)}
            className="max-sm:[&>svg]:hidden"
          >
            {commandLook[command].label}
          </Button>
        )
      })}
      <Menu
        label={`More commands for ${vm.name}`}
        trigger={
          <Button label="More commands">
            More <ChevronDown size={14} aria-hidden="true" />
          </Button>
        }
        groups={vmMenu(vm, vm, (command) => run(command, vm), shown)}
      />
      {dialog}
    </>
  )
}
