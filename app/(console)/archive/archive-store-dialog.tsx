'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { OperationDialog } from '#components/operation/operation-dialog.tsx'
import { draftOf, emptyStoreDraft, typedCredential, typedLocation } from '#components/store/store-draft.ts'
import { StoreLocationFields } from '#components/store/store-location-fields.tsx'
import { StoreTest } from '#components/store/store-test.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { NumberField } from '#components/ui/number-field.tsx'
import { Switch } from '#components/ui/switch.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { SaveArchiveStoreInput, TestArchiveStoreInput } from '#server/schema/archive.ts'
import type { ArchiveStore } from './archive-stores.tsx'

/** Sets an archive store up; a worker writes to it before anything is kept. */
export function ArchiveStoreDialog({ store, onClose }: { store: ArchiveStore | undefined; onClose: () => void }) {
  const trpc = useTRPC()
  const [name, setName] = useState(store?.name ?? '')
  const [draft, setDraft] = useState(() => (store ? draftOf(store.location) : emptyStoreDraft))
  const [prices, setPrices] = useState<Prices>({
    currency: store?.currency ?? 'EUR',
    pricePerGbMonth: store?.pricePerGbMonth ?? 0.01,
    pricePerGbRead: store?.pricePerGbRead ?? 0.02,
    firstByteSeconds: store?.firstByteSeconds ?? 0,
  })
  const [lockDays, setLockDays] = useState(store?.lockDays ?? null)
  const save = useMutation(trpc.archiveStore.save.mutationOptions())
  const test = useMutation(trpc.archiveStore.test.mutationOptions())
  const [location, credential] = [typedLocation(draft), typedCredential(draft)]
  const input = SaveArchiveStoreInput.safeParse({
    ...{ ...prices, name, location, credential, archiveStoreId: store?.id ?? null },
    lockDays: draft.kind === 's3' ? lockDays : null,
  })
  const tested = TestArchiveStoreInput.safeParse({
    ...{ location, credential },
    ...(store ? { archiveStoreId: store.id } : {}),
  })
  const error = refusal('It was not saved', save.error)
  return (
    <OperationDialog
      title={store ? `Edit ${store.name}` : 'Add an archive store'}
      submitLabel={store ? 'Save' : 'Add archive store'}
      operationId={save.data?.operationId}
      isPending={save.isPending}
      isIncomplete={!input.success}
      error={error}
      onSubmit={() => input.success && save.mutate(input.data)}
      onClose={onClose}
    >
      {(isDone) => (
        <>
          <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={60} isDisabled={isDone} />
          {!isDone && (
            <>
              <StoreLocationFields
                draft={draft}
                onChange={setDraft}
                hasSecret={store?.kind === 's3'}
                isKindFixed={!!store}
              />
              <StoreTest input={tested} test={test} withLock />
              {draft.kind === 's3' && <LockFields lockDays={lockDays} onChange={setLockDays} />}
              <PriceFields prices={prices} onChange={setPrices} />
            </>
          )}
        </>
      )}
    </OperationDialog>
  )
}

interface LockFieldsProps {
  lockDays: number | null
  onChange: (lockDays: number | null) => void
}

/** Whether, and for how long, tenants may lock what they archive. */
function LockFields({ lockDays, onChange }: LockFieldsProps) {
  return (
    <div className="flex flex-col gap-3">
      <Switch isSelected={lockDays !== null} onChange={(isOn) => onChange(isOn ? 365 : null)}>
        Tenants may lock what they archive
      </Switch>
      {lockDays !== null && (
        <NumberField
          label="For at most"
          unit="days"
          min={1}
          max={36_500}
          value={lockDays}
          onChange={onChange}
          description="The bucket needs object lock, which only a new one can be given. What a tenant locks costs until then, also when the tenant has left."
        />
      )}
    </div>
  )
}

type Prices = Pick<ArchiveStore, 'currency' | 'pricePerGbMonth' | 'pricePerGbRead' | 'firstByteSeconds'>

/** What a store costs, and how long it makes wait. */
function PriceFields({ prices, onChange }: { prices: Prices; onChange: (prices: Prices) => void }) {
  const change = (more: Partial<Prices>) => onChange({ ...prices, ...more })
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <TextField
        label="Currency"
        value={prices.currency}
        onChange={(currency) => change({ currency: currency.toUpperCase() })}
        maxLength={3}
      />
      <NumberField
        label="Until the first byte"
        unit="s"
        min={0}
        value={prices.firstByteSeconds}
        onChange={(firstByteSeconds) => change({ firstByteSeconds })}
      />
      <NumberField
        label="Price per GB and month"
        min={0}
        step={0.001}
        value={prices.pricePerGbMonth}
        onChange={(pricePerGbMonth) => change({ pricePerGbMonth })}
      />
      <NumberField
        label="Price per GB read"
        min={0}
        step={0.001}
        value={prices.pricePerGbRead}
        onChange={(pricePerGbRead) => change({ pricePerGbRead })}
      />
    </div>
  )
}
