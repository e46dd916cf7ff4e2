'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { LockOpen } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import type { ArchiveStore, NamedTenant } from './archive-stores.tsx'
import { GrantDialog } from './grant-dialog.tsx'

/** For an operator: lets a tenant that has no archive store use one. */
export function OpenStore({ tenant }: { tenant: NamedTenant }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const stores = useQuery(trpc.archiveStore.list.queryOptions()).data ?? []
  const [opened, setOpened] = useState<ArchiveStore>()
  return (
    <div className="flex flex-wrap justify-center gap-2">
      {stores.map((store) => (
        <Button
          key={store.id}
          size="sm"
          icon={<LockOpen size={13} aria-hidden="true" />}
          onPress={() => setOpened(store)}
        >
          {`Open ${store.name} to ${tenant.name}`}
        </Button>
      ))}
      {opened && (
        <GrantDialog
          store={stores.find(({ id }) => id === opened.id) ?? opened}
          tenants={[tenant]}
          onClose={() => {
            setOpened(undefined)
            void client.invalidateQueries({ queryKey: trpc.archive.pathKey() })
          }}
        />
      )}
    </div>
  )
}
