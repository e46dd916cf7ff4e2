'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { recallCost, recallText } from '#components/archive/archive-words.ts'
import type { ArchivedPoint } from '#components/archive/archived-point-list.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import {
  choiceAmong,
  inOrder,
  listedChoice,
  noChoice,
  placeOf,
  reasonAgainstChoice,
} from '#components/vm/place-choice.ts'
import { refusal } from '#components/vm/refusal.ts'
import { VmNameField } from '#components/vm/vm-name-field.tsx'
import { RecoveryDisks } from '#server/schema/backup.ts'
import { VmName } from '#server/schema/vm-action.ts'
import type { RecoveryPoint } from './recovery-point-list.tsx'
import { RestoredCards } from './restored-cards.tsx'

interface NewVmDialogProps {
  recoveryPoint: Pick<RecoveryPoint, 'id' | 'vmName' | 'takenAt' | 'disks'>
  /** Where it is read straight from the archive, and what that takes */
  archived?: Pick<ArchivedPoint, 'archiveStore' | 'recall'>
  /** Shares the recovery point's blocks, instead of having all of them written */
  isClone: boolean
  /** Free again, so the new VM may have its name */
  isGone: boolean
  onClose: () => void
}

const restored = {
  title: (name: string) => `Restore ${name} as a new VM`,
  suffix: 'restored',
  submit: 'Restore',
  failed: 'It was not restored',
} as const
const cloned = {
  title: (name: string) => `Clone ${name}`,
  suffix: 'clone',
  submit: 'Clone',
  failed: 'It was not cloned',
} as const

/** Makes a VM of a recovery point, with disks of its own or with such as share its blocks, and goes to its page. */
export function NewVmDialog({ recoveryPoint, archived, isClone, isGone, onClose }: NewVmDialogProps) {
  const trpc = useTRPC()
  const router = useRouter()
  const { id: recoveryPointId, vmName } = recoveryPoint
  const words = isClone ? cloned : restored
  const all = RecoveryDisks.safeParse(recoveryPoint.disks).data ?? []
  const [name, setName] = useState(isGone && !isClone ? vmName : `${vmName}-${words.suffix}`)
  const [disks, setDisks] = useState(all.map(({ target }) => target))
  const [choice, setChoice] = useState(noChoice)
  const [keepNetworks, setKeepNetworks] = useState(isGone)
  const [start, setStart] = useState(isClone)
  const [follow, setFollow] = useState(false)
  const archiveStoreId = archived?.archiveStore.id ?? null
  const chosen = { recoveryPointId, archiveStoreId, start, ...(disks.length === all.length ? {} : { disks }) }
  const places = useQuery({
    ...trpc.recoveryPoint.places.queryOptions({ ...chosen, clone: isClone }, { staleTime: 0, gcTime: 0 }),
    enabled: disks.length > 0,
    placeholderData: (before) => before,
  })
  const onSuccess = ({ vmId }: { vmId: string }) => {
    onClose()
    router.push(`/vms/${vmId}`)
  }
  const restore = useMutation(trpc.recoveryPoint.restoreNew.mutationOptions({ onSuccess }))
  const clone = useMutation(trpc.recoveryPoint.clone.mutationOptions({ onSuccess }))
  const make = isClone ? clone : restore
  const current = choiceAmong(choice, places.data ?? [])
  if (current !== choice) setChoice(current)
  const place = placeOf(current, places.data ?? [])
  const against = places.data && reasonAgainstChoice(current, places.data, 'place')
  const sizeBytes = all.reduce((sum, disk) => sum + (disks.includes(disk.target) ? disk.sizeBytes : 0), 0)
  const error = refusal(words.failed, make.error)
  const why = disks.length === 0 ? 'Choose a disk' : against
  return (
    <FormDialog
      title={words.title(vmName)}
      description={
        <>
          As it was <RelativeTime at={recoveryPoint.takenAt} isExact />, with{' '}
          {isClone
            ? 'addresses and an identity of its own. It shares the recovery point’s blocks, so it is there in seconds, and keeps what it writes to itself.'
            : 'disks, addresses and an identity of its own.'}
          {!isGone && ` ${vmName} itself stays as it is.`}
        </>
      }
      size="lg"
      footerNote={
        isClone
          ? 'Takes no space until it writes; its recovery point stays meanwhile'
          : `Disks of ${formatBytes(sizeBytes)}; what is zeros takes no space`
      }
      submitLabel={words.submit}
      isPending={make.isPending}
      isIncomplete={!VmName.safeParse(name).success || (!place && !why)}
      disabledReason={why}
      onSubmit={() =>
        place &&
        make.mutate({
          ...(isClone ? { follow } : {}),
          ...{ ...chosen, name, keepNetworks },
          place: place.kind === 'host' ? { hostId: place.id } : { siteId: place.id },
        })
      }
      onClose={onClose}
    >
      {archived && (
        <p className="text-sm text-ink-muted">
          {isClone
            ? `Its blocks are fetched from ${archived.archiveStore.name} when it first reads them, so it runs slower than one from a datastore. Fetching all of them once costs `
            : `It is read straight from ${archived.archiveStore.name}, which takes `}
          <strong className="text-ink">{isClone ? recallCost(archived.recall) : recallText(archived.recall)}</strong>.
          {isClone &&
            ' Up to 4 GiB of what was read last is kept at hand for all clones; anything older is fetched and paid for again.'}
        </p>
      )}
      <VmNameField name={name} onChange={setName} />
      {all.length > 1 && !isClone && (
        <fieldset className="flex flex-col gap-1.5">
          <legend className="mb-1 text-xs font-medium text-ink">Disks</legend>
          {all.map(({ target, sizeBytes: bytes }) => (
            <Checkbox
              key={target}
              isSelected={disks.includes(target)}
              onChange={(isOn) => setDisks(isOn ? [...disks, target] : disks.filter((each) => each !== target))}
            >
              <span className="font-mono">{target}</span> <span className="text-ink-muted">{formatBytes(bytes)}</span>
            </Checkbox>
          ))}
        </fieldset>
      )}
      {places.error ? (
        <ErrorMessage
          title="Where it fits can’t be said"
          message={places.error.message}
          whatToDo={places.error.data?.skerry.wayOut}
        />
      ) : places.data ? (
        <RadioCards
          label={places.data[0]?.kind === 'host' ? 'Host' : 'Site'}
          key={current.goneId}
          value={listedChoice(current, places.data)}
          onChange={(chosenId) => setChoice({ ...current, chosenId })}
          error={against}
          columns={2}
          cards={inOrder(current, places.data).map((each) => ({
            ...{ id: each.id, title: each.name },
            ...(each.kind === 'host' ? { aside: each.siteName } : {}),
            ...(each.eligible ? {} : { disabledReason: each.reasons.join(' ') }),
          }))}
        />
      ) : (
        <SkeletonRows rows={3} label="Looking at every host" />
      )}
      {place && place.cards.length > 0 && (
        <RestoredCards cards={place.cards} keepNetworks={keepNetworks} onChange={setKeepNetworks} isGone={isGone} />
      )}
      {isClone && !archived && (
        <Checkbox
          isSelected={follow}
          onChange={(isOn) => {
            setFollow(isOn)
            if (isOn) setStart(false)
          }}
          description={`Stays off, and moves to each newer recovery point of ${vmName} in its datastore: the latest state, ready to start within seconds. Starting it ends that.`}
        >
          Follow its source
        </Checkbox>
      )}
      {!follow && (
        <Checkbox isSelected={start} onChange={setStart}>
          {isClone ? 'Start it' : 'Start it afterwards'}
        </Checkbox>
      )}
      {error && <ErrorMessage {...error} />}
    </FormDialog>
  )
}
