/** What a number measures. Sizes are binary (KiB, MiB…), network rates decimal (kbit/s, Mbit/s…). */
export type Unit = 'bytes' | 'bytesPerSecond' | 'bitsPerSecond' | 'milliseconds' | 'percent' | 'count' | 'perSecond'

const binaryPrefixes = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']
const decimalPrefixes = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']
const missing = '–'

/** Three significant digits at most, no trailing zeros: 0.04, 1.5, 12, 1.02, 512. */
function trim(value: number): string {
  const magnitude = Math.abs(value)
  const digits = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2
  return String(Number(value.toFixed(digits)))
}

function scale(value: number, base: number, names: readonly string[]): string {
  let scaled = value
  let step = 0
  while (Math.abs(scaled) >= base * 0.9995 && step < names.length - 1) {
    scaled /= base
    step += 1
  }
  return `${trim(scaled)} ${names[step]}`
}

function known(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value)
}

/** A size in bytes: "512 MiB", "1.5 TiB"; "–" when unknown. */
export function formatBytes(sizeBytes: number | null | undefined): string {
  return known(sizeBytes) ? scale(sizeBytes, 1024, binaryPrefixes) : missing
}

/** A disk rate in bytes per second: "82.4 MiB/s". */
export function formatBytesPerSecond(rateBytesPerSecond: number | null | undefined): string {
  return known(rateBytesPerSecond) ? `${scale(rateBytesPerSecond, 1024, binaryPrefixes)}/s` : missing
}

/** A network rate in bits per second: "940 Mbit/s". */
export function formatBitsPerSecond(rateBitsPerSecond: number | null | undefined): string {
  return known(rateBitsPerSecond) ? scale(rateBitsPerSecond, 1000, decimalPrefixes) : missing
}

/** A latency in milliseconds: "0.4 ms", "31 ms", and "2.5 s" from one second up. */
export function formatMilliseconds(durationMs: number | null | undefined): string {
  if (!known(durationMs)) return missing
  return Math.abs(durationMs) >= 1000 ? `${trim(durationMs / 1000)} s` : `${trim(durationMs)} ms`
}

/** A share from 0 to 1 as a percentage: "7.3 %", "100 %". A sliver above nothing is never shown as 0. */
export function formatPercent(share: number | null | undefined): string {
  if (!known(share)) return missing
  const percent = share * 100
  if (percent > 0 && percent < 0.1) return '<0.1 %'
  return `${Number(percent.toFixed(Math.abs(percent) >= 10 ? 0 : 1))} %`
}

/** A whole or broken number with thousands separated: "10,000". */
export function formatCount(value: number | null | undefined): string {
  if (!known(value)) return missing
  const [whole = '0', fraction] = String(Number(value.toFixed(2))).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return fraction ? `${grouped}.${fraction}` : grouped
}

/** A count with what is counted: "1 VM", "1,200 VMs", "3 policies". */
export function formatCounted(value: number | null | undefined, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`
}

/** Names as far as there is room: "a, b and 3 more". One more that has room is named; `total` counts those not given. */
export function formatNames(names: readonly string[], most = 4, total = names.length): string {
  if (total <= most + 1 && names.length === total) return names.join(', ')
  const shown = names.slice(0, most)
  return `${shown.join(', ')} and ${formatCount(total - shown.length)} more`
}

const durationSteps = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3600 },
  { name: 'min', seconds: 60 },
  { name: 's', seconds: 1 },
] as const

/** A span of time in seconds, in its two largest parts: "3 min 12 s", "2 d 4 h", "<1 s". */
export function formatDuration(durationSeconds: number | null | undefined): string {
  if (!known(durationSeconds)) return missing
  if (durationSeconds < 1) return durationSeconds > 0 ? '<1 s' : '0 s'
  const whole = Math.round(durationSeconds)
  const first = durationSteps.findIndex((step) => whole >= step.seconds)
  const major = durationSteps[first]
  const minor = durationSteps[first + 1]
  if (!major) return '0 s'
  const majorCount = Math.floor(whole / major.seconds)
  const minorCount = minor ? Math.floor((whole - majorCount * major.seconds) / minor.seconds) : 0
  return minor && minorCount > 0
    ? `${majorCount} ${major.name} ${minorCount} ${minor.name}`
    : `${majorCount} ${major.name}`
}

/** A moment against now, both in epoch milliseconds: "just now", "12 s ago", "3 h ago", "in 5 min". */
export function formatRelativeTime(atMs: number, nowMs: number): string {
  const deltaSeconds = Math.round((nowMs - atMs) / 1000)
  const magnitude = Math.abs(deltaSeconds)
  if (magnitude < 2) return 'just now'
  const text =
    magnitude >= 86_400 * 365
      ? `${Math.floor(magnitude / (86_400 * 365))} y`
      : magnitude >= 86_400 * 60
        ? `${Math.floor(magnitude / (86_400 * 30))} months`
        : largestPart(magnitude)
  return deltaSeconds > 0 ? `${text} ago` : `in ${text}`
}

function largestPart(seconds: number): string {
  const step = durationSteps.find((candidate) => seconds >= candidate.seconds) ?? durationSteps[3]
  return `${Math.floor(seconds / step.seconds)} ${step.name}`
}

const absoluteFormatters = new Map<string | undefined, Intl.DateTimeFormat>()

/** Making a formatter costs a thousand times more than using it. */
function absoluteFormatter(timeZone: string | undefined): Intl.DateTimeFormat {
  const kept = absoluteFormatters.get(timeZone)
  if (kept) return kept
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
  absoluteFormatters.set(timeZone, made)
  return made
}

/** A moment in a time zone (the reader's own when left out): "2026-03-09 14:05:07 UTC". */
export function formatAbsoluteTime(atMs: number, timeZone?: string): string {
  const parts = absoluteFormatter(timeZone).formatToParts(atMs)
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')} ${part('timeZoneName')}`
}

const formatByUnit: Record<Unit, (value: number | null | undefined) => string> = {
  bytes: formatBytes,
  bytesPerSecond: formatBytesPerSecond,
  bitsPerSecond: formatBitsPerSecond,
  milliseconds: formatMilliseconds,
  percent: formatPercent,
  count: formatCount,
  perSecond: (value) => (known(value) ? `${trim(value)}/s` : missing),
}

/** A value of a unit as text; percent takes a share from 0 to 1. */
export function formatUnit(value: number | null | undefined, unit: Unit): string {
  return formatByUnit[unit](value)
}
