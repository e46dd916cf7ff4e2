import { scheduleText } from '#components/schedule/schedule-words.ts'
import { formatBytes, formatDuration } from '#components/ui/format.ts'
import type { ArchivalRules, LocalCopy, LockMode, Recall, Which } from '#server/schema/archive.ts'

export const whichWord: Record<Which, string> = {
  every: 'Every recovery point',
  day: 'The last of each day',
  week: 'The last of each week',
  month: 'The last of each month',
}

export const localCopyWord: Record<LocalCopy, { title: string; description: string }> = {
  delete: { title: 'Deleted', description: 'Once the archive has proven its copy. The newest of a VM stays.' },
  invalidate: { title: 'Marked invalid', description: 'Stays where it is, but nobody restores from it.' },
  keep: { title: 'Kept', description: 'The archive is a second copy.' },
}

/** A day, as locks end with one: the same for everybody. */
export const formatDay = (at: Date | string): string =>
  new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    new Date(at),
  )

/** Who can lift a lock, in a sentence. */
export const lockWord: Record<LockMode, { title: string; short: string; who: string }> = {
  governance: {
    title: 'Locked, though not for the provider',
    short: 'locked',
    who: 'Only whom the provider gave a right of its own at the store can delete it before',
  },
  compliance: {
    title: 'Locked for everybody',
    short: 'locked for everybody',
    who: 'Nobody, not even the provider, can delete it before',
  },
}

interface Locked {
  lock: LockMode | null
  lockedUntil: Date | string | null
}

function lockedText({ lock, lockedUntil }: Locked, text: (words: (typeof lockWord)[LockMode], day: string) => string) {
  if (lock === null || lockedUntil === null || new Date(lockedUntil) <= new Date()) return ''
  return text(lockWord[lock], formatDay(lockedUntil))
}

/** Nothing for what is not locked, or no longer. */
export const lockText = (point: Locked): string => lockedText(point, ({ short }, day) => `${short} until ${day}`)

/** Likewise, with who can lift it. */
export const lockSentence = (point: Locked): string => lockedText(point, ({ who }, day) => `${who} ${day}`)

/** Small amounts keep what tells them from nothing. */
export function formatMoney(amount: number, currency: string): string {
  const digits = amount !== 0 && amount < 0.1 ? 4 : 2
  const style = { style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: digits } as const
  return new Intl.NumberFormat('en', style).format(amount)
}

export const recallCost = ({ cost, currency, readBytes }: Recall) =>
  `at most ${formatMoney(cost, currency)} (${formatBytes(readBytes)} read)`

export const recallText = ({ cost, currency, seconds, readBytes }: Recall) =>
  `at most ${formatMoney(cost, currency)} and ${formatDuration(seconds)} (${formatBytes(readBytes)} read)`

export function whenText(rules: ArchivalRules): string {
  const age = rules.minAgeDays > 0 ? `older than ${rules.minAgeDays} days` : 'of any age'
  if (rules.begins === 'schedule' && rules.schedule) return `${scheduleText(rules.schedule)}, ${age}`
  if (rules.begins === 'fullness') {
    return `above ${formatBytes(rules.aboveBytes)} stored, down to ${formatBytes(rules.downToBytes)}`
  }
  return rules.minAgeDays > 0 ? `as soon as ${age}` : 'as soon as taken'
}
