import type { ReactNode } from 'react'
import { MovingProtection } from '#components/protection/moving-protection.tsx'
import { formatBitsPerSecond, formatBytes, formatBytesPerSecond } from '#components/ui/format.ts'
import { Meter } from '#components/ui/meter.tsx'
import { StateBadge } from '#components/ui/state-badge.tsx'
import { StateIcon } from '#components/ui/state-icon.tsx'
import { aboutStop, aboutTime, type Candidate, convergence, type Preview } from './migrate-words.ts'

export interface MigrateDetailProps {
  candidate: Candidate
  dirty: Preview['dirty']
  memoryBytes: number
  isMeasuring: boolean
  protection: Preview['protection']
}

/** What the move to one host will be like, step by step, and what that is reckoned from. */
export function MigrateDetail({ candidate, dirty, memoryBytes, isMeasuring, protection }: MigrateDetailProps) {
  const { estimate } = candidate
  if (!estimate) return null
  const { look, word, sentence } = convergence[estimate.converges]
  const isLiveMove = candidate.way === 'live'
  const isSaved = candidate.way === 'saved'
  return (
    <div className="flex flex-col gap-4">
      <div>
        <h3 className="text-sm font-semibold text-ink">To {candidate.name}</h3>
        <ol className="mt-2 flex flex-col gap-2.5 text-xs">
          {candidate.disks.filter(hasBeneath).map((disk) => (
            <Step key={disk.target} mark="bg-series-1" title={`What ${disk.target} stands on is sent ahead`}>
              {formatBytes(beneathBytes(disk))} to {disk.poolName}
            </Step>
          ))}
          {isSaved && (
            <Step mark="bg-migrating" title="It stops, and its memory is saved to a file">
              {formatBytes(memoryBytes)}; from here on it stands still
            </Step>
          )}
          {candidate.disks.map((disk) => (
            <Step key={disk.target} mark="bg-series-1" title={diskTitle(disk)}>
              {disk.mode === 'copied' || disk.mode === 'uploaded'
                ? `${formatBytes(disk.bytes - beneathBytes(disk))} to ${disk.poolName}`
                : undefined}
            </Step>
          ))}
          {isLiveMove && (
            <Step mark="bg-series-4" title={`Memory: ${aboutTime(estimate.memoryMs)}`}>
              {formatBytes(memoryBytes)} in {estimate.rounds === 1 ? 'one round' : `about ${estimate.rounds} rounds`},
              while it goes on running
            </Step>
          )}
          {isSaved && (
            <Step
              mark="bg-series-4"
              title={`Its memory, saved, sent and read there: ${aboutTime(estimate.memoryMs)}`}
            />
          )}
          <Step mark="bg-migrating" title={lastStep(candidate.way, estimate.downtimeMs)}>
            {isLiveMove && 'Connections stay open; programs in it notice a pause'}
            {isSaved && 'With its snapshots; it does not boot, but its clock and its connections have stood still'}
          </Step>
        </ol>
      </div>
      {isSaved && (
        <div className="flex flex-col gap-2 rounded-md border border-line p-2.5">
          <div className="flex items-center justify-between gap-2">
            <span className="text-xs font-medium text-ink">Why does it stand still?</span>
            <StateBadge state={look} label={aboutStop(estimate.downtimeMs)} />
          </div>
          <p className="text-xs text-ink-muted">{sentence}</p>
        </div>
      )}
      {isLiveMove && (
        <div className="flex flex-col gap-2 rounded-md border border-line p-2.5">
          <div className="flex items-center justify-between gap-2">
            <span className="text-xs font-medium text-ink">Will it converge?</span>
            <StateBadge state={isMeasuring ? 'changing' : look} label={isMeasuring ? 'Measuring…' : word} />
          </div>
          {dirty && (
            <Meter
              label="Changes"
              used={dirty.bytesPerSecond}
              limit={candidate.bytesPerSecond}
              unit="bytesPerSecond"
              warnAt={0.9}
              failAt={1}
            />
          )}
          <p className="text-xs text-ink-muted">{sentence}</p>
        </div>
      )}
      <p className="text-xs text-ink-faint">
        {candidate.bandwidthAssumed
          ? `Nobody has measured the way to ${candidate.name}, so ${formatBitsPerSecond(candidate.bytesPerSecond * 8)} (${formatBytesPerSecond(candidate.bytesPerSecond)}) are assumed. The first move measures it.`
          : `Reckoned with ${formatBitsPerSecond(candidate.bytesPerSecond * 8)}, as measured between the sites.`}
      </p>
      <MovingProtection title="What becomes of its protection" protection={protection} />
      {candidate.warnings.length > 0 && (
        <ul className="flex flex-col gap-1.5 text-xs text-ink">
          {candidate.warnings.map((warning) => (
            <li key={warning} className="flex gap-2">
              <StateIcon state="degraded" sizePx={12} label="Mind" className="mt-0.5" />
              {warning}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

type Disk = Candidate['disks'][number]

function lastStep(way: Candidate['way'], downtimeMs: number): string {
  if (way === 'saved') return `It goes on there, after ${aboutStop(downtimeMs)}`
  return way === 'live' ? `Switch over: stands still ${aboutStop(downtimeMs)}` : 'Defined there, removed here'
}

const hasBeneath = ({ beneath = [] }: Disk) => beneath.length > 0
const beneathBytes = ({ beneath = [] }: Disk) => beneath.reduce((sum, { bytes }) => sum + bytes, 0)

function diskTitle(disk: Disk): string {
  switch (disk.mode) {
    case 'shared':
      return `Disk ${disk.target} stays: both hosts see ${disk.poolName}`
    case 'copied':
      return `Disk ${disk.target} is copied`
    case 'uploaded':
      return `${disk.target} is sent ahead`
    case 'present':
      return `${disk.target} is there already`
    case 'empty':
      return `${disk.target} is empty`
  }
}

function Step({ mark, title, children }: { mark: string; title: string; children?: ReactNode }) {
  return (
    <li className="flex gap-2">
      <span aria-hidden="true" className={`mt-1 size-2 shrink-0 rounded-full ${mark}`} />
      <span className="flex min-w-0 flex-col">
        <span className="text-ink">{title}</span>
        {children && <span className="text-ink-muted">{children}</span>}
      </span>
    </li>
  )
}
