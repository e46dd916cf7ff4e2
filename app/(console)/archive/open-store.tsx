'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { LockOpen } from 'lucide-react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import type { ArchiveStore, NamedTenant } from './archive-stores.tsx'
import { GrantDialog } from './grant-dialog.tsx'

const useStores = () => useQuery(useTRPC().archiveStore.list.queryOptions()).data ?? []

/** For an operator: which archive stores a tenant that has none could use. */
export function OpenStore({ tenant, onOpen }: { tenant: NamedTenant; onOpen: (store: ArchiveStore) => void }) {
  return (
    <div className="flex flex-wrap justify-center gap-2">
      {useStores().map((store) => (
        <Button key={store.id} size="sm" icon={<LockOpen size={13} aria-hidden="true" />} onPress={() => onOpen(store)}>
          {`Open ${store.name} to ${tenant.name}`}
        </Button>
      ))}
    </div>
  )
}

/** Lets the tenant use the store. */
export function OpenStoreDialog(props: { tenant: NamedTenant; store: ArchiveStore; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  return (
    <GrantDialog
      store={useStores().find(({ id }) => id === props.store.id) ?? props.store}
      tenants={[props.tenant]}
      onClose={() => {
        props.onClose()
        void client.invalidateQueries({ queryKey: trpc.archive.pathKey() })
      }}
    />
  )
}
