'use client'

import { useQuery } from '@tanstack/react-query'
import { Check, Minus } from 'lucide-react'
import { useTRPC } from '#components/trpc/client.tsx'
import { Card } from '#components/ui/card.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { policy } from '#server/schema/policy.ts'
import { tenantRoles } from '#server/schema/tenant.ts'
import { type VmRight, vmRightWord } from '#server/schema/vm-right.ts'
import { useVm } from '../use-vm.ts'
import { AssignCard } from './assign-card.tsx'

const actions = Object.entries(policy.vm) as [VmRight, (typeof policy.vm)[VmRight]][]
const rank = (role: string) => tenantRoles.indexOf(role as (typeof tenantRoles)[number])

/** Who may do what with this VM: the tenant's people, and what each role allows. */
export function VmPermissions() {
  const vm = useVm()
  const trpc = useTRPC()
  const members = useQuery({
    ...trpc.member.list.queryOptions({ tenantId: vm.tenantId ?? '' }),
    enabled: vm.tenantId !== null,
  })
  return (
    <div className="grid gap-4 xl:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <AssignCard vm={vm} />
        <Card title="People" isFlush>
          {!vm.tenantId && (
            <EmptyState title="Only operators">It belongs to no tenant, so nobody else can see it.</EmptyState>
          )}
          {vm.tenantId && members.isPending && <SkeletonRows rows={4} />}
          {members.error && (
            <ErrorMessage variant="page" title="People could not be read" message={members.error.message} />
          )}
          <ul className="divide-y divide-line">
            {members.data?.members.map((member) => (
              <li key={member.id} className="flex items-center gap-3 px-4 py-2 text-sm">
                <span className="min-w-0 flex-1 truncate">{member.name}</span>
                <span className="text-ink-muted">{member.role}</span>
              </li>
            ))}
          </ul>
        </Card>
      </div>
      <Card title="What each role may do" isFlush>
        <div className="overflow-x-auto">
          <table className="w-full text-sm">
            <thead>
              <tr className="border-b border-line text-left text-xs text-ink-muted">
                <th scope="col" className="px-4 py-2 font-medium">
                  Action
                </th>
                {tenantRoles.map((role) => (
                  <th key={role} scope="col" className="px-3 py-2 text-center font-medium">
                    {role}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {actions.map(([action, least]) => (
                <tr key={action}>
                  <th scope="row" className="px-4 py-1.5 text-left font-normal">
                    {vmRightWord[action]}
                  </th>
                  {tenantRoles.map((role) => (
                    <td key={role} className="px-3 py-1.5 text-center">
                      {least !== 'operator' && rank(role) <= rank(least) ? (
                        <Check size={14} role="img" aria-label="yes" className="inline text-running" />
                      ) : (
                        <Minus size={14} role="img" aria-label="no" className="inline text-ink-faint" />
                      )}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p className="px-4 py-2 text-xs text-ink-muted">Operators may do everything.</p>
      </Card>
    </div>
  )
}
