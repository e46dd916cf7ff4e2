import { scheduleText } from '#components/schedule/schedule-words.ts'
import { formatBytes, formatDuration } from '#components/ui/format.ts'
import type { ArchivalRules, LocalCopy, Recall, Which } from '#server/schema/archive.ts'

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

/** Small amounts keep what tells them from nothing. */
export function formatMoney(amount: number, currency: string): string {
  const digits = amount !== 0 && amount < 0.1 ? 4 : 2
  const style = { style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: digits } as const
  return new Intl.NumberFormat('en', style).format(amount)
}

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
