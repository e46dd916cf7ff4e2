import { reasonAgainstHost } from '#components/host/host-words.ts'
import type { Outputs } from '#components/trpc/client.tsx'
import { formatBytes, formatBytesPerSecond, formatDuration, formatMilliseconds } from '#components/ui/format.ts'
import type { VisualState } from '#components/ui/state.ts'

export type Preview = Outputs['vm']['migratePreview']
export type Candidate = Preview['candidates'][number]
export type Estimate = NonNullable<Candidate['estimate']>
type Places = Outputs['fleet']['places']

export const convergence: Record<Estimate['converges'], { look: VisualState; word: string; sentence: string }> = {
  yes: {
    look: 'running',
    word: 'Converges',
    sentence: 'The link carries memory faster than the guest changes it, so what is left shrinks with every round.',
  },
  slowed: {
    look: 'degraded',
    word: 'If slowed',
    sentence:
      'The guest changes its memory about as fast as the link carries it. Its CPUs are slowed down until it fits.',
  },
  'post-copy': {
    look: 'degraded',
    word: 'By post-copy',
    sentence: 'The guest changes its memory faster than the link carries it, even slowed down. Only post-copy ends it.',
  },
  unknown: {
    look: 'unknown',
    word: 'Not known',
    sentence: 'How fast the guest changes its memory is not measured, so the time is what an idle guest would take.',
  },
  saved: {
    look: 'degraded',
    word: 'Stands still',
    sentence:
      'Its snapshots lie in the files of its disk, and a copy of the disk of a running VM would be without them. So it stands still while what changes of it is moved, and then goes on where it was: nobody has to shut it down.',
  },
  off: { look: 'off', word: 'Is off', sentence: 'It is off, so there is no memory to move.' },
}

/** "about 12 s": the estimate is not better than that. */
export const aboutTime = (durationMs: number) => `≈ ${formatDuration(Math.max(1, durationMs / 1000))}`
export const aboutStop = (durationMs: number) => {
  if (durationMs >= 10_000) return aboutTime(durationMs)
  const stepMs = durationMs >= 1_000 ? 100 : 10
  return `≈ ${formatMilliseconds(Math.round(durationMs / stepMs) * stepMs)}`
}

/** How long it takes and how much of that the VM is not there, in one line. */
export function timeWords({ estimate }: Candidate): string | undefined {
  if (!estimate) return undefined
  const takes = `Takes ${aboutTime(estimate.totalMs)}`
  if (estimate.converges === 'off') return `${takes}, while it is off`
  if (estimate.converges === 'saved' && estimate.downtimeMs === estimate.totalMs) {
    return `${takes}, and it stands still all the while`
  }
  return `${takes}, of which it stands still ${aboutStop(estimate.downtimeMs)}`
}

/** Hypervisors count in whole MiB a second, so nothing means less than one. */
export const changeRate = (bytesPerSecond: number) =>
  bytesPerSecond < 2 ** 20 ? 'less than 1 MiB/s' : formatBytesPerSecond(bytesPerSecond)

/** What happens to the disks, in two words. */
export function diskWord(candidate: Candidate): string {
  if (candidate.copiedBytes > 0) return `Copies ${formatBytes(candidate.copiedBytes)}`
  if (candidate.disks.some((disk) => disk.mode === 'copied' || disk.mode === 'uploaded')) return 'Copies, empty yet'
  return candidate.disks.some((disk) => disk.mode === 'shared') ? 'Shared' : 'None to move'
}

export interface SiteGroup {
  id: string
  name: string
  kind: Places['sites'][number]['kind'] | undefined
  isHere: boolean
  /** What is known of the way there; null within the site */
  link: { bitsPerSecond: number | null; roundTripMs: number | null } | null
  candidates: Candidate[]
}

/** Hosts of sites with a possible one first, of those the VM's own site; within a site the possible ones first. */
export function bestFirst(
  candidates: readonly Candidate[],
  places: Places | undefined,
  ownSiteId: string,
): Candidate[] {
  const possible = new Set(candidates.filter(({ eligible }) => eligible).map(({ siteId }) => siteId))
  const rank = ({ siteId }: Candidate) => (possible.has(siteId) ? 0 : 2) + (siteId === ownSiteId ? 0 : 1)
  const siteName = ({ siteId }: Candidate) => places?.sites.find(({ id }) => id === siteId)?.name ?? ''
  return candidates.toSorted((a, b) => rank(a) - rank(b) || siteName(a).localeCompare(siteName(b)))
}

/** The hosts by site, in the order in which they come. */
export function bySite(candidates: readonly Candidate[], places: Places | undefined, ownSiteId: string): SiteGroup[] {
  const ids = [...new Set(candidates.map((candidate) => candidate.siteId))]
  return ids.map((id) => {
    const site = places?.sites.find((each) => each.id === id)
    const ends = [id, ownSiteId]
    const link = places?.links.find((each) => ends.includes(each.fromSiteId) && ends.includes(each.toSiteId))
    return {
      id,
      name: site?.name ?? 'Another site',
      kind: site?.kind,
      isHere: id === ownSiteId,
      link:
        id === ownSiteId
          ? null
          : { bitsPerSecond: link?.bitsPerSecond ?? null, roundTripMs: link?.roundTripMs ?? null },
      candidates: candidates.filter((candidate) => candidate.siteId === id),
    }
  })
}

/** The quickest possible host of the VM's own site, else of all; undefined without one. */
export const quickest = <C extends Candidate>(candidates: readonly C[], ownSiteId: string | undefined): C | undefined =>
  candidates
    .filter((candidate) => candidate.eligible)
    .toSorted(
      (a, b) =>
        Number(b.siteId === ownSiteId) - Number(a.siteId === ownSiteId) ||
        (a.estimate?.totalMs ?? 0) - (b.estimate?.totalMs ?? 0),
    )[0]

/**
 * What is in the way at every host, and so is the VM's own matter. One host alone may speak of itself, and so may all
 * when none of them takes VMs now.
 */
export function commonObstacle(
  { candidates }: Preview,
  ownHostId: string,
  hosts: readonly Pick<Places['hosts'][number], 'id' | 'state' | 'draining'>[] = [],
): string | undefined {
  const [first, ...others] = candidates.filter(({ hostId }) => hostId !== ownHostId)
  const taking = hosts.some((host) => host.id !== ownHostId && !reasonAgainstHost(host))
  if (others.length === 0 || !taking) return undefined
  return first?.reasons.find((reason) => others.every(({ reasons }) => reasons.includes(reason)))
}
