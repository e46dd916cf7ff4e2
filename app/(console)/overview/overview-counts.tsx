'use client'

import { useQuery } from '@tanstack/react-query'
import NextLink from 'next/link'
import type { ReactNode } from 'react'
import { type Outputs, useTRPC } from '#components/trpc/client.tsx'
import { formatCount } from '#components/ui/format.ts'
import { StateIcon } from '#components/ui/state-icon.tsx'
import { vmLook, vmStateWord } from '#components/vm/vm-state.ts'
import { type VmState, vmStates } from '#server/schema/vm.ts'

type Places = Outputs['fleet']['places']

const alwaysShown: readonly VmState[] = ['running', 'off']

/** How many of everything, each leading to the list of them. */
export function OverviewCounts({ places, operator }: { places: Places; operator: boolean }) {
  const trpc = useTRPC()
  const counts = useQuery(trpc.vm.counts.queryOptions({ filter: '' }))
  const byState = counts.data?.byState ?? {}
  const connected = places.hosts.filter((host) => host.state === 'connected').length
  return (
    <ul aria-label="Counts" className="flex flex-wrap gap-x-1 gap-y-2 rounded-lg border border-line bg-surface p-1">
      <Count href="/fleet" label="VMs" value={formatCount(counts.data?.total ?? 0)} />
      {vmStates
        .filter((state) => alwaysShown.includes(state) || (byState[state] ?? 0) > 0)
        .map((state) => (
          <Count
            key={state}
            href={`/fleet?filter=state:${state}`}
            label={vmStateWord[state]}
            value={formatCount(byState[state] ?? 0)}
            icon={<StateIcon state={vmLook(state, null).look} sizePx={10} />}
          />
        ))}
      {operator && (
        <Count
          href="/hosts"
          label="Hosts connected"
          value={`${formatCount(connected)} of ${formatCount(places.hosts.length)}`}
          icon={
            <StateIcon
              state={places.hosts.length === 0 ? 'off' : connected === places.hosts.length ? 'running' : 'degraded'}
              sizePx={10}
            />
          }
        />
      )}
      <Count href="/sites" label="Sites" value={formatCount(places.sites.length)} />
    </ul>
  )
}

function Count({ href, label, value, icon }: { href: string; label: string; value: string; icon?: ReactNode }) {
  return (
    <li className="min-w-max flex-1">
      <NextLink href={href} className="flex h-full flex-col rounded-md px-3 py-1.5 hover:bg-hover">
        <span className="text-lg font-semibold text-ink">{value}</span>
        <span className="flex items-center gap-1.5 whitespace-nowrap text-xs text-ink-muted">
          {icon}
          {label}
        </span>
      </NextLink>
    </li>
  )
}
