'use client'

import { useQuery } from '@tanstack/react-query'
import { protectionLook } from '#components/protection/protection-words.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Card } from '#components/ui/card.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { Link } from '#components/ui/link.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { SkeletonRows } from '#components/ui/skeleton.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { newPolicyHref } from '../../../protection/protection-query.ts'
import type { Vm } from '../use-vm.ts'

/** Which policies back the VM up, when next, and whether they do. */
export function VmProtection({ vm }: { vm: Vm }) {
  const trpc = useTRPC()
  const protection = useQuery(trpc.protection.vm.queryOptions({ vmId: vm.id }))
  const row = protection.data
  return (
    <Card
      title="Protection"
      actions={row && <StateBadge state={protectionLook[row.state].look} label={protectionLook[row.state].word} />}
    >
      {protection.error ? (
        <ErrorMessage {...failure('How it is protected could not be read', protection.error)} />
      ) : !row ? (
        <SkeletonRows rows={1} />
      ) : row.policies.length === 0 ? (
        <p className="text-sm text-ink-muted">
          No policy takes it: it is backed up by hand alone.{' '}
          {row.canCreate === true ? (
            <>
              Give it a policy’s tag, or <Link href={newPolicyHref(vm)}>create a policy</Link>.
            </>
          ) : (
            'A tenant’s admin makes policies, under Protection.'
          )}
        </p>
      ) : (
        <ul className="flex flex-col gap-2 text-sm">
          {row.policies.map((policy) => (
            <li key={policy.id} className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5">
              <Link href={`/protection?of=${policy.id}`} tone="plain" className="font-medium">
                {policy.name}
              </Link>
              {row.policies.length > 1 && (
                <StateBadge
                  state={protectionLook[policy.state].look}
                  label={protectionLook[policy.state].word}
                  variant="plain"
                />
              )}
              <span className="text-xs text-ink-muted">to {policy.datastoreName}</span>
              <span className="text-xs text-ink-muted">
                {policy.isRunning ? (
                  'being backed up now'
                ) : (
                  <>
                    next <RelativeTime at={policy.nextAt} />
                  </>
                )}
              </span>
              {policy.bootTestAt && (
                <span className="text-xs text-ink-muted">
                  boot test <RelativeTime at={policy.bootTestAt} />
                </span>
              )}
              {policy.missedAt && (
                <span className="text-xs text-degraded">
                  was due <RelativeTime at={policy.missedAt} />
                </span>
              )}
              {policy.failure && <span className="w-full text-xs text-failed">{policy.failure}</span>}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
