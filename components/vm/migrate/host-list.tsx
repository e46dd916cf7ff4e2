'use client'

import { Radio, RadioGroup } from 'react-aria-components'
import { SimulatedBadge } from '#components/host/simulated-badge.tsx'
import type { Outputs } from '#components/trpc/client.tsx'
import { Badge } from '#components/ui/badge.tsx'
import { formatBitsPerSecond, formatMilliseconds } from '#components/ui/format.ts'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { aboutStop, aboutTime, type Candidate, convergence, diskWord, type SiteGroup } from './migrate-words.ts'
import { TimeBar } from './time-bar.tsx'

type Host = Outputs['fleet']['places']['hosts'][number]

export interface HostListProps {
  groups: readonly SiteGroup[]
  hosts: readonly Host[]
  ownHostId: string
  value: string | null
  onChange: (hostId: string) => void
}

const columns =
  'grid grid-cols-[14px_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-0.5 sm:grid-cols-[14px_minmax(96px,1fr)_112px_132px_66px_100px]'

/** Every host of the fleet by site; those that can't take the VM stand there with all that is in the way. */
export function HostList({ groups, hosts, ownHostId, value, onChange }: HostListProps) {
  const all = groups.flatMap((group) => group.candidates)
  const longestMs = Math.max(1, ...all.map((candidate) => candidate.estimate?.totalMs ?? 0))
  return (
    <RadioGroup aria-label="Host to move to" value={value} onChange={onChange} className="flex flex-col gap-3">
      <div aria-hidden="true" className={`${columns} hidden px-2.5 text-2xs text-ink-faint sm:grid`}>
        <span />
        <span>Host</span>
        <span>Disks</span>
        <span>Takes</span>
        <span>Stands still</span>
        <span>Memory</span>
      </div>
      {groups.map((group) => (
        <section key={group.id} aria-label={group.name}>
          <h3 className="mb-1 flex items-baseline gap-2 px-2.5 text-xs">
            <span className="font-semibold text-ink">{group.name}</span>
            {group.kind && group.kind !== 'region' && (
              <Badge tone="outline">{group.kind === 'edge' ? 'edge' : 'emulated edge'}</Badge>
            )}
            <span className="ml-auto text-2xs text-ink-faint">{linkText(group)}</span>
          </h3>
          <div className="divide-y divide-line overflow-hidden rounded-md border border-line">
            {group.candidates.map((candidate) => (
              <HostChoice
                key={candidate.hostId}
                candidate={candidate}
                host={hosts.find((host) => host.id === candidate.hostId)}
                longestMs={longestMs}
                isHere={candidate.hostId === ownHostId}
                isChosen={candidate.hostId === value}
              />
            ))}
          </div>
        </section>
      ))}
    </RadioGroup>
  )
}

interface HostChoiceProps {
  candidate: Candidate
  host: Host | undefined
  longestMs: number
  isHere: boolean
  isChosen: boolean
}

function linkText({ isHere, link }: SiteGroup): string {
  if (isHere) return 'same site'
  if (!link || (link.bitsPerSecond === null && link.roundTripMs === null)) return 'link not measured yet'
  const rate = link.bitsPerSecond === null ? null : formatBitsPerSecond(link.bitsPerSecond)
  const delay = link.roundTripMs === null ? null : `${formatMilliseconds(link.roundTripMs)} there and back`
  return [rate, delay].filter(Boolean).join(' · ')
}

function HostChoice({ candidate, host, longestMs, isHere, isChosen }: HostChoiceProps) {
  const { estimate } = candidate
  return (
    <Radio
      value={candidate.hostId}
      // What is chosen stays enabled when it can't be taken any more: the arrow keys start from there.
      isDisabled={!candidate.eligible && !isChosen}
      className={`${columns} group bg-surface px-2.5 py-2 text-sm outline-none data-focus-visible:focus-ring data-focus-visible:-outline-offset-2 data-hovered:bg-hover data-selected:bg-accent-soft data-disabled:bg-sunken`}
    >
      <span className="flex size-3.5 shrink-0 rounded-full border border-line-strong bg-surface group-data-disabled:border-line group-data-disabled:bg-sunken group-data-selected:border-4 group-data-selected:border-accent" />
      <span className="flex min-w-0 items-center gap-1.5">
        <span className="truncate font-medium text-ink group-data-disabled:text-ink-muted">{candidate.name}</span>
        {host?.simulated && <SimulatedBadge />}
      </span>
      {estimate ? (
        <Figures candidate={candidate} longestMs={longestMs} />
      ) : (
        <span className="text-xs text-ink-faint sm:col-span-4">{isHere ? 'it is here' : 'can’t take it'}</span>
      )}
      {candidate.reasons.length > 0 && !isHere && (
        <ul className="col-start-2 -col-end-1 text-xs text-ink-muted">
          {candidate.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </Radio>
  )
}

function Figures({ candidate, longestMs }: { candidate: Candidate; longestMs: number }) {
  const { estimate } = candidate
  if (!estimate) return null
  const { look, word } = convergence[estimate.converges]
  const stop = estimate.converges === 'off' ? undefined : aboutStop(estimate.downtimeMs)
  // Of one that is saved the word says the same as the time.
  const end = candidate.way === 'saved' ? undefined : word.toLowerCase()
  return (
    <>
      <span className="hidden truncate text-xs text-ink-muted sm:block">{diskWord(candidate)}</span>
      <span className="flex min-w-0 flex-col gap-1 text-xs sm:pr-2">
        <span className="text-right text-ink tabular-nums sm:text-left">{aboutTime(estimate.totalMs)}</span>
        <TimeBar estimate={estimate} longestMs={longestMs} className="hidden sm:flex" />
      </span>
      <span className="hidden text-xs text-ink tabular-nums sm:block">{stop ?? '–'}</span>
      <span className="hidden sm:block">
        <StateBadge state={look} label={word} variant="plain" />
      </span>
      <span className="col-start-2 col-end-4 text-xs text-ink-muted sm:hidden">
        {[diskWord(candidate), stop && `stands still ${stop}`, end].filter(Boolean).join(' · ')}
      </span>
    </>
  )
}
