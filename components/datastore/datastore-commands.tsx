'use client'

import { Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { MenuGroup } from '#components/ui/menu.tsx'
import { EditDatastoreDialog, type EditedDatastore } from './edit-datastore-dialog.tsx'
import { RemoveDatastoreDialog } from './remove-datastore-dialog.tsx'

type Commanded = EditedDatastore & { recoveryPoints: number }

/** What can be done with a datastore as a whole, wherever it stands. */
export function useDatastoreCommands() {
  const [open, setOpen] = useState<{ command: 'edit' | 'remove'; datastore: Commanded }>()
  const close = () => setOpen(undefined)
  return {
    groups: (datastore: Commanded): readonly MenuGroup[] => [
      {
        id: 'edit',
        items: [
          {
            id: 'edit',
            label: 'Edit…',
            icon: <Pencil size={14} aria-hidden="true" />,
            onAction: () => setOpen({ command: 'edit', datastore }),
          },
        ],
      },
      {
        id: 'remove',
        items: [
          {
            id: 'remove',
            label: 'Remove…',
            icon: <Trash2 size={14} aria-hidden="true" />,
            isDanger: true,
            ...(datastore.recoveryPoints > 0
              ? { disabledReason: 'It holds recovery points: remove those first' }
              : { onAction: () => setOpen({ command: 'remove', datastore }) }),
          },
        ],
      },
    ],
    dialogs: (
      <>
        {open?.command === 'edit' && <EditDatastoreDialog datastore={open.datastore} onClose={close} />}
        {open?.command === 'remove' && <RemoveDatastoreDialog datastore={open.datastore} onClose={close} />}
      </>
    ),
  }
}
