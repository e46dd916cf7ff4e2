'use client'

import { useState } from 'react'
import { useHostCommands } from '#components/host/host-commands.tsx'
import { CommandPalette } from '#components/ui/command-palette.tsx'
import { useVmCommand } from '#components/vm/use-vm-command.tsx'
import type { Person } from './navigation.ts'
import { usePalette } from './use-palette.tsx'

export interface PaletteProps {
  person: Person
  isOpen: boolean
  onClose: () => void
}

/** ⌘K or Ctrl K: any VM, host, site, tenant and page by name, and every command, alone or with the name of what it is for. */
export function Palette(props: PaletteProps) {
  // Their dialogs outlast the palette.
  const runners = { vm: useVmCommand(), host: useHostCommands() }
  return (
    <>
      {props.isOpen && <OpenPalette {...props} runners={runners} />}
      {runners.vm.dialog}
      {runners.host.dialogs}
    </>
  )
}

function OpenPalette({ person, onClose, runners }: PaletteProps & Pick<UsePalette, 'runners'>) {
  const [text, setText] = useState('')
  const palette = usePalette({ person, text, onTextChange: setText, runners })
  return (
    <CommandPalette
      onClose={onClose}
      search={text}
      onSearchChange={setText}
      footer={
        <>
          A command goes with a name: <span className="text-ink-muted">reboot shop-web-1</span>
        </>
      }
      {...palette}
    />
  )
}

type UsePalette = Parameters<typeof usePalette>[0]
