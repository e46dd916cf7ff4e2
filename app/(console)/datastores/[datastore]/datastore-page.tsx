'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { DamageCard } from '#components/datastore/damage-card.tsx'
import { useDatastoreCommands } from '#components/datastore/datastore-commands.tsx'
import { DatastoreStateBadge } from '#components/datastore/datastore-state-badge.tsx'
import { OperationLine } from '#components/operation/operation-line.tsx'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { unread } from '#components/trpc/failure.ts'
import { UnreadPage } from '#components/trpc/unread-page.tsx'
import { Button } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Link } from '#components/ui/link.tsx'
import { MoreMenu } from '#components/ui/more-menu.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { usePageTitle } from '#components/ui/use-page-title.ts'
import { toastRefusal } from '#components/vm/refusal.ts'
import { locationText } from '#server/schema/store.ts'
import { GrowthCard } from './growth-card.tsx'
import { ShareCard, VmShareCard } from './share-card.tsx'
import { SpaceCard } from './space-card.tsx'
import { VerifyCard } from './verify-card.tsx'

const healedByBackup =
  'Back up the VMs named here: what is still the same on their disks is stored anew and heals their recovery points.'

export type Datastore = Outputs['datastore']['get']

/** One datastore: is it all right, what does it hold for whom, what does that take. */
export function DatastorePage({ id }: { id: string }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const query = useQuery(trpc.datastore.get.queryOptions({ id }))
  const live = useQuery(trpc.operation.list.queryOptions({ targetId: id, live: true, limit: 10 }))
  const reread = () => {
    void client.invalidateQueries({ queryKey: trpc.datastore.pathKey() })
    void client.invalidateQueries({ queryKey: trpc.operation.pathKey() })
  }
  const verify = useMutation(trpc.datastore.verify.mutationOptions({ onSuccess: reread, onError: toastRefusal }))
  const commands = useDatastoreCommands()
  usePageTitle(query.data?.name)
  const failed = unread(query)
  if (failed) return <UnreadPage noun="Datastore" query={failed} />
  const datastore = query.data
  if (!datastore) return <SkeletonRows rows={8} />
  const operations = live.data?.items ?? []
  const busyReason = operations.length > 0 && 'Something else goes on in it'
  const verifyReason = datastore.state === 'unreachable' ? 'It can’t be reached' : busyReason
  const damaged = datastore.damages.filter(({ healedAt }) => !healedAt).length
  const damage = datastore.damages.length > 0 && <DamageCard damages={datastore.damages} wayOut={healedByBackup} />
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <PageHeader
        title={datastore.name}
        state={
          <DatastoreStateBadge
            state={datastore.state}
            isNearlyFull={datastore.isNearlyFull}
            damaged={damaged}
            variant="soft"
          />
        }
        meta={
          <>
            <Link href="/datastores" tone="muted">
              Datastores
            </Link>
            <span className="break-all font-mono">{locationText(datastore.location)}</span>
          </>
        }
        actions={
          <>
            <Button
              icon={<ShieldCheck size={14} aria-hidden="true" />}
              isPending={verify.isPending}
              onPress={() => verify.mutate({ id })}
              {...(verifyReason ? { disabledReason: verifyReason } : {})}
            >
              Verify all
            </Button>
            <MoreMenu name={datastore.name} groups={commands.groups(datastore)} />
          </>
        }
      />
      <div className="flex min-w-0 flex-col gap-4 px-4 pb-6">
        {datastore.stateReason && (
          <ErrorMessage
            title={
              datastore.state === 'read_only'
                ? 'Backups fail; restores and what was backed up are not touched by it'
                : 'Nothing can be backed up to it or restored from it now'
            }
            message={datastore.stateReason}
            {...(datastore.stateWayOut ? { whatToDo: datastore.stateWayOut } : {})}
          />
        )}
        {operations.length > 0 && (
          <Card isFlush>
            <ul>
              {operations.map((operation) => (
                <OperationLine key={operation.id} operation={operation} />
              ))}
            </ul>
          </Card>
        )}
        <div className="grid min-w-0 items-start gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(320px,1fr)]">
          <div className="flex min-w-0 flex-col gap-4">
            {damaged > 0 && damage}
            <SpaceCard datastore={datastore} busyReason={busyReason} onChange={reread} />
            {damaged === 0 && damage}
            <VmShareCard datastore={datastore} />
          </div>
          <div className="flex min-w-0 flex-col gap-4">
            <VerifyCard datastore={datastore} damaged={damaged} onChange={reread} />
            <ShareCard datastore={datastore} />
            <GrowthCard days={datastore.days} />
          </div>
        </div>
      </div>
      {commands.dialogs}
    </div>
  )
}
