'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { useOperation } from '#components/operation/use-operation.ts'
import { draftOf, emptyStoreDraft, typedCredential, typedLocation } from '#components/store/store-draft.ts'
import { StoreLocationFields } from '#components/store/store-location-fields.tsx'
import { StoreTest } from '#components/store/store-test.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { SaveArchiveStoreInput, TestArchiveStoreInput } from '#server/schema/archive.ts'
import { isLive } from '#server/schema/operation.ts'
import type { ArchiveStore } from './archive-stores.tsx'

/** Sets an archive store up; a worker writes to it before anything is kept. */
export function ArchiveStoreDialog({ store, onClose }: { store: ArchiveStore | undefined; onClose: () => void }) {
  const trpc = useTRPC()
  const [name, setName] = useState(store?.name ?? '')
  const [draft, setDraft] = useState(() => (store ? draftOf(store.location) : emptyStoreDraft))
  const [prices, setPrices] = useState({
    currency: store?.currency ?? 'EUR',
    pricePerGbMonth: store?.pricePerGbMonth ?? 0.01,
    pricePerGbRead: store?.pricePerGbRead ?? 0.02,
    firstByteSeconds: store?.firstByteSeconds ?? 0,
  })
  const save = useMutation(trpc.archiveStore.save.mutationOptions())
  const test = useMutation(trpc.archiveStore.test.mutationOptions())
  const operation = useOperation(save.data?.operationId ?? null).data
  const [location, credential] = [typedLocation(draft), typedCredential(draft)]
  const input = SaveArchiveStoreInput.safeParse({
    ...{ ...prices, name, location, credential, lockDays: null, archiveStoreId: store?.id ?? null },
  })
  const tested = TestArchiveStoreInput.safeParse({
    ...{ location, credential },
    ...(store ? { archiveStoreId: store.id } : {}),
  })
  const isDone = operation?.state === 'succeeded'
  const error = refusal('It was not saved', save.error)
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={store ? `Edit ${store.name}` : 'Add an archive store'}
      size="lg"
      footer={
        isDone ? (
          <Button variant="primary" onPress={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button onPress={onClose}>Cancel</Button>
            <Button
              variant="primary"
              type="submit"
              form="archive-store"
              isPending={save.isPending || (operation ? isLive(operation.state) : false)}
              isDisabled={!input.success}
            >
              {store ? 'Save' : 'Add archive store'}
            </Button>
          </>
        )
      }
    >
      <form
        id="archive-store"
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (input.success) save.mutate(input.data)
        }}
      >
        <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={60} />
        <StoreLocationFields draft={draft} onChange={setDraft} hasSecret={store?.kind === 's3'} isKindFixed={!!store} />
        <StoreTest
          of={JSON.stringify(tested.data ?? null)}
          start={() => (tested.success ? test.mutateAsync(tested.data) : Promise.reject(tested.error))}
          isStarting={test.isPending}
          error={test.error}
          disabledReason={tested.success ? undefined : 'Say first where its files lie'}
        />
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField
            label="Currency"
            value={prices.currency}
            onChange={(currency) => setPrices({ ...prices, currency: currency.toUpperCase() })}
            maxLength={3}
          />
          <NumberField
            label="Until the first byte"
            unit="s"
            min={0}
            value={prices.firstByteSeconds}
            onChange={(firstByteSeconds) => setPrices({ ...prices, firstByteSeconds })}
          />
          <NumberField
            label="Price per GB and month"
            min={0}
            step={0.001}
            value={prices.pricePerGbMonth}
            onChange={(pricePerGbMonth) => setPrices({ ...prices, pricePerGbMonth })}
          />
          <NumberField
            label="Price per GB read"
            min={0}
            step={0.001}
            value={prices.pricePerGbRead}
            onChange={(pricePerGbRead) => setPrices({ ...prices, pricePerGbRead })}
          />
        </div>
        {operation && (
          <ul className="rounded-md border border-line">
            <OperationLine operation={operation} />
          </ul>
        )}
        {error && <ErrorMessage {...error} />}
      </form>
    </Dialog>
  )
}
