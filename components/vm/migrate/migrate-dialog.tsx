'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { Spinner } from '#components/ui/spinner.tsx'
import { choiceAmong, inOrder, listedChoice, noChoice, placeOf, reasonAgainstChoice } from '../place-choice.ts'
import { refusal } from '../refusal.ts'
import type { NamedVm } from '../vm-command.tsx'
import { HostList } from './host-list.tsx'
import { MigrateDetail } from './migrate-detail.tsx'
import { MigrateOptions, usualOptions } from './migrate-options.tsx'
import {
  bestFirst,
  bySite,
  type Candidate,
  changeRate,
  commonObstacle,
  type Preview,
  quickest,
  timeWords,
} from './migrate-words.ts'
import { reasonToWait } from './plan-words.ts'
import { type DirtyMeasuring, useDirtyMeasure } from './use-dirty-measure.ts'

type Vm = Outputs['vm']['get']

/** Where to, how long, will it converge: asked before the move, from measured figures. */
export function MigrateDialog({ vm: { id: vmId, name }, onClose }: { vm: NamedVm; onClose: () => void }) {
  const trpc = useTRPC()
  const vmQuery = useQuery(trpc.vm.get.queryOptions({ id: vmId }))
  const vm = vmQuery.data
  const places = useQuery(trpc.fleet.places.queryOptions())
  const preview = useQuery(trpc.vm.migratePreview.queryOptions({ id: vmId }, { staleTime: 0, gcTime: 0 }))
  const measuring = useDirtyMeasure(vmId, vm?.can.measure)
  const [choice, setChoice] = useState(noChoice)
  const [options, setOptions] = useState(usualOptions)
  const migrate = useMutation(trpc.vm.migrate.mutationOptions({ onSuccess: onClose }))

  // The order in which they are shown is kept, so it waits for all that it goes by.
  const isRead = vm && preview.data && !places.isPending
  const hosts = isRead
    ? bestFirst(preview.data.candidates, places.data, vm.siteId).map((each) => ({ ...each, id: each.hostId }))
    : []
  const current = choiceAmong(choice, hosts, quickest(hosts, vm?.siteId))
  if (current !== choice) setChoice(current)
  const candidate = placeOf(current, hosts)
  const listedId = listedChoice(current, hosts)
  const against = isRead ? reasonAgainstChoice(current, hosts, 'host') : undefined
  const error = refusal(`${name} stays where it is`, migrate.error)
  // It is read again whenever a host changes, and stays in view meanwhile.
  const readError = vmQuery.error ?? (preview.data ? null : preview.error)
  const unread = reasonToWait({
    isFetching: vmQuery.isPending || preview.isPending || places.isPending,
    isError: readError !== null,
  })
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      title={`Migrate ${name}`}
      description={vm && <Facts vm={vm} preview={preview.data} measuring={measuring} />}
      size="xl"
      footerNote={!unread && candidate && timeWords(candidate)}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            variant="primary"
            isPending={migrate.isPending}
            disabledReason={unread ?? against}
            onPress={() => candidate && migrate.mutate({ ...moveTo(candidate), id: vmId, ...options })}
          >
            {candidate ? `Migrate to ${candidate.name}` : 'Migrate'}
          </Button>
        </>
      }
    >
      {readError ? (
        <ErrorMessage
          title="The hosts could not be looked at"
          message={readError.message}
          whatToDo={readError.data?.skerry.wayOut}
          onRetry={() => void preview.refetch()}
          isRetrying={preview.isRefetching}
        />
      ) : isRead ? (
        <div className="flex flex-col gap-5 md:grid md:grid-cols-[minmax(0,1fr)_288px]">
          <div className="flex min-w-0 flex-col gap-4">
            <HostList
              groups={bySite(inOrder(current, hosts), places.data, vm.siteId)}
              hosts={places.data?.hosts ?? []}
              ownHostId={vm.hostId}
              key={current.goneId}
              value={listedId}
              onChange={(chosenId) => setChoice({ ...current, chosenId })}
            />
            {candidate && (
              <MigrateOptions value={options} onChange={setOptions} isLiveMove={candidate.way === 'live'} />
            )}
          </div>
          <div className="flex min-w-0 flex-col gap-4">
            {candidate ? (
              <MigrateDetail
                candidate={candidate}
                dirty={preview.data.dirty}
                memoryBytes={Number(vm.memoryBytes)}
                isMeasuring={measuring.isMeasuring}
                protection={preview.data.protection}
              />
            ) : (
              <EmptyState title={against ?? ''}>
                {hosts.some(({ eligible }) => eligible)
                  ? listedId
                    ? 'The list says what is in the way there.'
                    : 'The one that was chosen is there no longer.'
                  : (commonObstacle(preview.data, vm.hostId, places.data?.hosts) ??
                    'Each host of the list says what is in the way. Clear that at one of them, or add a host.')}
              </EmptyState>
            )}
            {error && <ErrorMessage {...error} />}
          </div>
        </div>
      ) : (
        <SkeletonRows rows={6} label="Looking at every host" />
      )}
    </Dialog>
  )
}

/** The dialog says of the host whether the VM stands still, so whoever goes on allows it. */
const moveTo = ({ hostId, way }: Candidate) => ({ destinationHostId: hostId, mayStandStill: way === 'saved' })

/** What moves: where it is, how much memory, and how fast that changes. */
function Facts({ vm, preview, measuring }: { vm: Vm; preview: Preview | undefined; measuring: DirtyMeasuring }) {
  const dirty = preview?.dirty
  return (
    <>
      On {vm.host.name} in {vm.site.name} · {formatBytes(Number(vm.memoryBytes))} of memory
      {vm.state === 'running' && (
        <span role="status">
          {' · '}
          {measuring.isMeasuring ? (
            <>
              <Spinner sizePx={12} className="mr-1 inline" /> measuring how fast it changes…
            </>
          ) : dirty ? (
            <span>
              {changeRate(dirty.bytesPerSecond)} of it changes (measured <RelativeTime at={dirty.measuredAt} />)
            </span>
          ) : (
            <span title={measuring.problem}>{measuring.problem ?? 'how fast it changes is not measured'}</span>
          )}
        </span>
      )}
    </>
  )
}
