'use client'

import { useMutation } from '@tanstack/react-query'
import { PlugZap } from 'lucide-react'
import { useState } from 'react'
import { OperationFailure } from '#components/operation/operation-failure.tsx'
import { useOperation } from '#components/operation/use-operation.ts'
import { useTRPC } from '#components/trpc/client.tsx'
import { failure } from '#components/trpc/failure.ts'
import { Button } from '#components/ui/button.tsx'
import { ErrorMessage } from '#components/ui/error-message.tsx'
import { formatBytes } from '#components/ui/format.ts'
import { KeyValueList } from '#components/ui/key-value-list.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { type Credential, HostSummary } from '#server/schema/host-action.ts'
import { isLive } from '#server/schema/operation.ts'
import { SimulatedBadge } from './simulated-badge.tsx'

export interface ConnectionTestProps {
  uri: string
  credential: Credential | null
  /** Tests with the credential of this host where none is given */
  hostId?: string
  disabledReason?: string
}

/** Tries the address from a worker and says what answers, or which stage failed and the way out. Changes nothing. */
export function ConnectionTest({ uri, credential, hostId, disabledReason }: ConnectionTestProps) {
  const trpc = useTRPC()
  const [tested, setTested] = useState<{ of: string; operationId: string } | null>(null)
  const of = JSON.stringify([uri, credential, hostId])
  const test = useMutation(
    trpc.host.test.mutationOptions({ onSuccess: ({ operationId }) => setTested({ of, operationId }) }),
  )
  // What was found out about another address says nothing of this one.
  const operation = useOperation(tested?.of === of ? tested.operationId : null)
  const row = tested?.of === of ? operation.data : undefined
  const isRunning = test.isPending || (tested?.of === of && (!row || isLive(row.state)))
  const summary = row?.state === 'succeeded' ? HostSummary.safeParse(row.result).data : undefined
  return (
    <section aria-label="Connection test" className="flex flex-col gap-3">
      <div className="flex items-center gap-3">
        <Button
          icon={<PlugZap size={14} aria-hidden="true" />}
          isPending={isRunning}
          onPress={() => test.mutate({ uri, credential, ...(hostId ? { hostId } : {}) })}
          {...(disabledReason ? { disabledReason } : {})}
        >
          Test the connection
        </Button>
        <span role="status" className="text-xs text-ink-muted">
          {isRunning && 'A worker is connecting…'}
          {summary && <StateBadge state="running" label="It answers" />}
        </span>
      </div>
      {test.error && <ErrorMessage {...failure('The test could not begin', test.error)} />}
      <OperationFailure title="The connection failed" operation={row} />
      {summary && (
        <KeyValueList
          columns={2}
          items={[
            {
              label: 'Is',
              value: (
                <>
                  <span className="font-mono">{summary.hostname}</span> {summary.simulated && <SimulatedBadge />}
                </>
              ),
            },
            { label: 'CPUs', value: `${summary.cpuCount} × ${summary.cpuModel}` },
            { label: 'Memory', value: formatBytes(summary.memoryBytes) },
            { label: 'Accelerator', value: summary.kvmOffered ? 'KVM offered' : 'Emulation only' },
            { label: 'libvirt', value: summary.libvirtVersion },
            { label: 'QEMU', value: summary.hypervisorVersion },
          ]}
        />
      )}
    </section>
  )
}
