'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { recallText } from '#components/archive/archive-words.ts'
import type { ArchivedPoint } from '#components/archive/archived-point-list.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { Checkbox } from '#components/ui/checkbox.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { FormDialog } from '#components/ui/form-dialog.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import { refusal } from '#components/vm/refusal.ts'
import { RecoveryDisks } from '#server/schema/backup.ts'
import { VmName } from '#server/schema/vm-action.ts'
import type { RecoveryPoint } from './recovery-point-list.tsx'
import { RestoredCards } from './restored-cards.tsx'

interface RestoreNewDialogProps {
  recoveryPoint: Pick<RecoveryPoint, 'id' | 'vmName' | 'takenAt' | 'disks'>
  /** Where it is read straight from the archive, and what that takes */
  archived?: Pick<ArchivedPoint, 'archiveStore' | 'recall'>
  /** Free again, so the new VM may have its name */
  isGone: boolean
  onClose: () => void
}

/** Makes a VM of its own of a recovery point, and goes to its page. */
export function RestoreNewDialog({ recoveryPoint, archived, isGone, onClose }: RestoreNewDialogProps) {
  const trpc = useTRPC()
  const router = useRouter()
  const { id: recoveryPointId, vmName } = recoveryPoint
  const all = RecoveryDisks.safeParse(recoveryPoint.disks).data ?? []
  const [name, setName] = useState(isGone ? vmName : `${vmName}-restored`)
  const [disks, setDisks] = useState(all.map(({ target }) => target))
  const [picked, setPicked] = useState<string>()
  const [keepNetworks, setKeepNetworks] = useState(isGone)
  const [start, setStart] = useState(false)
  const archiveStoreId = archived?.archiveStore.id ?? null
  const chosen = { recoveryPointId, archiveStoreId, start, ...(disks.length === all.length ? {} : { disks }) }
  const places = useQuery({
    ...trpc.recoveryPoint.places.queryOptions(chosen, { staleTime: 0 }),
    enabled: disks.length > 0,
    placeholderData: (before) => before,
  })
  const restore = useMutation(
    trpc.recoveryPoint.restoreNew.mutationOptions({
      onSuccess: ({ vmId }) => {
        onClose()
        router.push(`/vms/${vmId}`)
      },
    }),
  )
  const eligible = places.data?.filter((place) => place.eligible) ?? []
  const place = eligible.find(({ id }) => id === picked) ?? eligible[0]
  const problem = VmName.safeParse(name).error?.issues[0]?.message
  const sizeBytes = all.reduce((sum, disk) => sum + (disks.includes(disk.target) ? disk.sizeBytes : 0), 0)
  const error = refusal('It was not restored', restore.error)
  const why = disks.length === 0 ? 'Choose a disk' : places.data && !place ? 'No place can take it now' : undefined
  return (
    <FormDialog
      title={`Restore ${vmName} as a new VM`}
      description={
        <>
          As it was <RelativeTime at={recoveryPoint.takenAt} />, with disks, addresses and an identity of its own.
          {!isGone && ` ${vmName} itself stays as it is.`}
        </>
      }
      size="lg"
      footerNote={`Disks of ${formatBytes(sizeBytes)}; what is zeros takes no space`}
      submitLabel="Restore"
      isPending={restore.isPending}
      isIncomplete={Boolean(problem) || (!place && !why)}
      disabledReason={why}
      onSubmit={() =>
        place &&
        restore.mutate({
          ...{ ...chosen, name, keepNetworks },
          place: place.kind === 'host' ? { hostId: place.id } : { siteId: place.id },
        })
      }
      onClose={onClose}
    >
      {archived && (
        <p className="text-sm text-ink-muted">
          It is read straight from {archived.archiveStore.name}, which takes{' '}
          <strong className="text-ink">{recallText(archived.recall)}</strong>.
        </p>
      )}
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        isMono
        autoFocus
        maxLength={63}
        error={problem}
        description="The guest keeps the host name that it had."
      />
      {all.length > 1 && (
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
          value={place?.id ?? ''}
          onChange={setPicked}
          columns={2}
          cards={places.data.map((each) => ({
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
      <Checkbox isSelected={start} onChange={setStart}>
        Start it afterwards
      </Checkbox>
      {error && <ErrorMessage {...error} />}
    </FormDialog>
  )
}
