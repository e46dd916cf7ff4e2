'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowRightFromLine, Ban, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { toast } from 'sonner'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import type { MenuGroup } from '#components/ui/menu.tsx'
import { DrainHostDialog } from './drain-host-dialog.tsx'
import { EditHostDialog } from './edit-host-dialog.tsx'
import { RemoveHostDialog } from './remove-host-dialog.tsx'

export interface CommandedHost {
  id: string
  name: string
  uri: string
  migrationUri: string | null
  state: 'connecting' | 'connected' | 'unreachable'
  draining: boolean
  vms: number
}

const iconSizePx = 14

/** How the commands are called, also where a host is still to be named. */
export const hostCommandWords = {
  drain: { label: 'Drain…', keywords: ['evacuate', 'maintenance'] },
  undrain: { label: 'Stop draining', keywords: ['undrain'] },
  edit: { label: 'Edit…', keywords: ['change'] },
  remove: { label: 'Remove…', keywords: ['delete'] },
} as const

/** What can be done with a host, and the dialogs that ask before; render `dialogs` once. */
export function useHostCommands() {
  const trpc = useTRPC()
  const client = useQueryClient()
  const [asked, setAsked] = useState<{ what: 'drain' | 'edit' | 'remove'; host: CommandedHost } | null>(null)
  const undrain = useMutation(
    trpc.host.undrain.mutationOptions({
      onSuccess: () => {
        for (const key of [trpc.host.pathKey(), trpc.fleet.pathKey()]) void client.invalidateQueries({ queryKey: key })
      },
      onError: (error) => {
        const { title, message, whatToDo } = failure('Draining goes on', error)
        toast.error(title, { description: [message, whatToDo].filter(Boolean).join(' ') })
      },
    }),
  )
  const groups = (host: CommandedHost): readonly MenuGroup[] => [
    {
      id: 'drain',
      items: [
        host.draining
          ? {
              id: 'undrain',
              ...hostCommandWords.undrain,
              icon: <Ban size={iconSizePx} aria-hidden="true" />,
              onAction: () => undrain.mutate({ id: host.id }),
            }
          : {
              id: 'drain',
              ...hostCommandWords.drain,
              icon: <ArrowRightFromLine size={iconSizePx} aria-hidden="true" />,
              ...(host.state === 'connected'
                ? { onAction: () => setAsked({ what: 'drain', host }) }
                : { disabledReason: 'It can’t be reached, so its VMs can’t leave it' }),
            },
      ],
    },
    {
      id: 'edit',
      items: [
        {
          id: 'edit',
          ...hostCommandWords.edit,
          icon: <Pencil size={iconSizePx} aria-hidden="true" />,
          onAction: () => setAsked({ what: 'edit', host }),
        },
      ],
    },
    {
      id: 'remove',
      items: [
        {
          id: 'remove',
          ...hostCommandWords.remove,
          icon: <Trash2 size={iconSizePx} aria-hidden="true" />,
          isDanger: true,
          onAction: () => setAsked({ what: 'remove', host }),
        },
      ],
    },
  ]
  const close = () => setAsked(null)
  const dialogs = (
    <>
      {asked?.what === 'drain' && <DrainHostDialog host={asked.host} onClose={close} />}
      {asked?.what === 'edit' && <EditHostDialog host={asked.host} onClose={close} />}
      {asked?.what === 'remove' && <RemoveHostDialog host={asked.host} vms={asked.host.vms} onClose={close} />}
    </>
  )
  return {
    groups,
    dialogs,
    drain: (host: CommandedHost) => setAsked({ what: 'drain', host }),
    undrain: (host: CommandedHost) => undrain.mutate({ id: host.id }),
    isUndraining: undrain.isPending,
  }
}
