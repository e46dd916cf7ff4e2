'use client'

import { useQuery } from '@tanstack/react-query'
import { SlidersHorizontal } from 'lucide-react'
import { useState } from 'react'
import { EditQuotaDialog } from '#components/tenant/edit-quota-dialog.tsx'
import { MembersCard } from '#components/tenant/members-card.tsx'
import { QuotaMeters } from '#components/tenant/quota-meters.tsx'
import { useTRPC } from '#components/trpc/client.tsx'
import { unread } from '#components/trpc/failure.ts'
import { UnreadPage } from '#components/trpc/unread-page.tsx'
import { Button, ButtonLink } from '#components/ui/button.tsx'
import { Card } from '#components/ui/card.tsx'
import { MoreMenu } from '#components/ui/more-menu.tsx'
import { PageHeader } from '#components/ui/page-header.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { usePageTitle } from '#components/ui/use-page-title.ts'
import { whyNot } from '#components/ui/why-not.ts'
import { LeaveTenantDialog } from './leave-tenant-dialog.tsx'
import { TenantBackupsCard } from './tenant-backups-card.tsx'
import { DeleteTenantDialog, RenameTenantDialog } from './tenant-dialogs.tsx'
import { TenantNetworksCard } from './tenant-networks-card.tsx'
import { TenantVmsCard } from './tenant-vms-card.tsx'

type Asked = 'quota' | 'rename' | 'delete' | 'leave'

const offered = (answer: true | string, onAction: () => void) =>
  answer === true ? { onAction } : { disabledReason: answer }

export interface TenantPageProps {
  id: string
  myUserId: string | null
  operator: boolean
}

/** One tenant: what it uses, what it may be plugged into, who belongs to it, how its VMs are. */
export function TenantPage({ id, myUserId, operator }: TenantPageProps) {
  const trpc = useTRPC()
  const query = useQuery(trpc.tenant.get.queryOptions({ tenantId: id }))
  const members = useQuery(trpc.member.list.queryOptions({ tenantId: id }))
  const [asked, setAsked] = useState<Asked | null>(null)
  usePageTitle(query.data?.name)
  const failed = unread(query)
  if (failed) return <UnreadPage noun="Tenant" query={failed} />
  const tenant = query.data
  if (!tenant) return <SkeletonRows rows={8} />
  const close = () => setAsked(null)
  const isMember = members.data?.members.some((member) => member.userId === myUserId)
  return (
    <>
      <PageHeader
        title={tenant.name}
        meta={
          <>
            <span className="font-mono">{tenant.slug}</span>
            <span>
              since <RelativeTime at={tenant.createdAt} />
            </span>
          </>
        }
        actions={
          <>
            <ButtonLink href={`/audit?tenant=${tenant.id}`}>Audit</ButtonLink>
            <MoreMenu
              name={tenant.name}
              groups={[
                {
                  id: 'change',
                  items: [
                    { id: 'rename', label: 'Rename…', ...offered(tenant.can.rename, () => setAsked('rename')) },
                    ...(isMember ? [{ id: 'leave', label: 'Leave…', onAction: () => setAsked('leave') }] : []),
                  ],
                },
                {
                  id: 'delete',
                  items: [
                    {
                      id: 'delete',
                      label: 'Delete…',
                      isDanger: true,
                      ...offered(tenant.can.delete, () => setAsked('delete')),
                    },
                  ],
                },
              ]}
            />
          </>
        }
      />
      <div className="grid min-w-0 items-start gap-4 px-4 pb-4 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <Card
            title="Quota"
            actions={
              <Button
                size="sm"
                icon={<SlidersHorizontal size={13} aria-hidden="true" />}
                onPress={() => setAsked('quota')}
                disabledReason={whyNot(tenant.can.setQuota)}
              >
                Edit
              </Button>
            }
          >
            <QuotaMeters use={tenant.use} quotas={tenant.quotas} />
          </Card>
          <TenantBackupsCard backups={tenant.backups} />
          <TenantNetworksCard tenantId={tenant.id} operator={operator} />
          <TenantVmsCard name={tenant.name} />
        </div>
        <MembersCard tenant={tenant} myUserId={myUserId} />
      </div>
      {asked === 'quota' && <EditQuotaDialog tenant={tenant} onClose={close} />}
      {asked === 'rename' && <RenameTenantDialog tenant={tenant} onClose={close} />}
      {asked === 'delete' && <DeleteTenantDialog tenant={tenant} onClose={close} />}
      {asked === 'leave' && <LeaveTenantDialog tenant={tenant} onClose={close} />}
    </>
  )
}
