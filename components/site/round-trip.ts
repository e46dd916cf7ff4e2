import { formatMilliseconds } from '#components/ui/format.ts'

/** From the nearest to the farthest host, as the console's worker sees them; empty where none was measured. */
export function roundTripText(hosts: readonly { controlRoundTripMs: number | null }[]): string {
  const measured = hosts.flatMap(({ controlRoundTripMs }) => controlRoundTripMs ?? [])
  if (measured.length === 0) return ''
  const ends = [Math.min(...measured), Math.max(...measured)].map(formatMilliseconds)
  return ends[0] === ends[1] ? `${ends[0]}` : ends.join(' to ')
}
