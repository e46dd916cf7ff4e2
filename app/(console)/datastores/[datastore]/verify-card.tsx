'use client'

import { useMutation } from '@tanstack/react-query'
import { VerificationList, verifyDayChoices, verifyDaysText } from '#components/datastore/verification-list.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { Select } from '#components/ui/select.tsx'
import { toastRefusal } from '#components/vm/refusal.ts'
import type { Datastore } from './datastore-page.tsx'
import { spaceOf } from './space.ts'

interface VerifyCardProps {
  datastore: Datastore
  damaged: number
  onChange: () => void
}

/** When all of it was last read and checked, and how that goes on by itself. */
export function VerifyCard({ datastore, damaged, onChange }: VerifyCardProps) {
  const trpc = useTRPC()
  const { id, verifyDays } = datastore
  const setDays = useMutation(
    trpc.datastore.setVerifyDays.mutationOptions({ onSuccess: onChange, onError: toastRefusal }),
  )
  const days = [...new Set([...verifyDayChoices, verifyDays])].sort((a, b) => a - b)
  return (
    <Card title="Verified">
      <div className="flex flex-col gap-3">
        <VerificationList {...datastore} damaged={damaged} storedBytes={spaceOf(datastore.shares)?.storedBytes ?? 0} />
        <Select
          label="By itself, all of it is read once in"
          value={String(verifyDays)}
          onChange={(value) => setDays.mutate({ id, verifyDays: Number(value) })}
          options={days.map((each) => ({ id: String(each), label: verifyDaysText(each) }))}
        />
      </div>
    </Card>
  )
}
