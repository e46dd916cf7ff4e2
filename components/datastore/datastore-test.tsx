'use client'

import { useMutation } from '@tanstack/react-query'
import { type StoreDraft, typedCredential, typedLocation } from '#components/store/store-draft.ts'
import { StoreTest } from '#components/store/store-test.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { TestDatastoreInput } from '#server/schema/backup.ts'

export interface DatastoreTestProps {
  draft: StoreDraft
  /** Tests with the credential of this datastore where none is typed */
  datastoreId?: string
}

/** Tries what was typed for a datastore, before it is kept. */
export function DatastoreTest({ draft, datastoreId }: DatastoreTestProps) {
  const trpc = useTRPC()
  const test = useMutation(trpc.datastore.test.mutationOptions())
  const input = TestDatastoreInput.safeParse({
    location: typedLocation(draft),
    credential: typedCredential(draft),
    ...(datastoreId ? { datastoreId } : {}),
  })
  return <StoreTest input={input} test={test} />
}
