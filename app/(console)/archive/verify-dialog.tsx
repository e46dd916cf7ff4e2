'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { formatMoney } from '#components/archive/archive-words.ts'
import { VerificationList, verifyDayChoices, verifyDaysText } from '#components/datastore/verification-list.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { Select } from '#components/ui/select.tsx'
import { refusal, toastRefusal } from '#components/vm/refusal.ts'
import { gbBytes } from '#server/schema/archive.ts'
import type { ArchiveStore } from './archive-stores.tsx'

const never = 'never'

/** What is known of how an archive store is; reads all of it now, or by itself in so many days. */
export function VerifyDialog({ store, onClose }: { store: ArchiveStore; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const { id, verifyDays, storedBytes } = store
  const reread = () => client.invalidateQueries({ queryKey: trpc.archiveStore.pathKey() })
  const live = useQuery(trpc.operation.list.queryOptions({ targetId: id, live: true, limit: 10 }))
  const isBusy = live.data?.items.some(({ kind }) => kind === 'verify-archive-store') ?? false
  const verify = useMutation(trpc.archiveStore.verify.mutationOptions({ onSuccess: onClose }))
  const setDays = useMutation(
    trpc.archiveStore.setVerifyDays.mutationOptions({ onSuccess: reread, onError: toastRefusal }),
  )
  const days = [...new Set([...verifyDayChoices, 180, 365, ...(verifyDays === null ? [] : [verifyDays])])]
  const error = refusal('It is not verified', verify.error)
  return (
    <FormDialog
      title={`Verify ${store.name}`}
      submitLabel="Verify all"
      isPending={verify.isPending}
      isIncomplete={isBusy}
      onSubmit={() => verify.mutate({ id })}
      onClose={onClose}
    >
      <p className="text-sm">
        Reads {formatBytes(storedBytes)}
        {store.pricePerGbRead > 0 && (
          <>, which costs {formatMoney((storedBytes / gbBytes) * store.pricePerGbRead, store.currency)}</>
        )}
        , and checks that every archived recovery point is there as it was sent.
      </p>
      {isBusy && <p className="text-ink-muted text-sm">It is being verified.</p>}
      <VerificationList {...store} damaged={openDamages(store).length} />
      <Select
        label="By itself, all of it is read once in"
        value={verifyDays === null ? never : String(verifyDays)}
        onChange={(value) => setDays.mutate({ id, verifyDays: value === never ? null : Number(value) })}
        options={[
          { id: never, label: 'never: only when asked for' },
          ...days.sort((a, b) => a - b).map((each) => ({ id: String(each), label: verifyDaysText(each) })),
        ]}
      />
      {error && <ErrorMessage {...error} />}
    </FormDialog>
  )
}

export const openDamages = ({ damages }: ArchiveStore) => damages.filter(({ healedAt }) => !healedAt)
