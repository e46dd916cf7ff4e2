import { Card } from '#components/ui/card.tsx'
import { formatBytes } from '#components/ui/format.ts'
import type { Datastore } from './datastore-page.tsx'

const mostDays = 14

/** What it held at the end of each day, and what that was more than the day before. */
export function GrowthCard({ days }: { days: Datastore['days'] }) {
  if (days.length === 0) return null
  return (
    <Card title="Growth" isFlush className="pb-1">
      <table className="w-full text-sm">
        <thead className="text-xs text-ink-faint">
          <tr className="border-t border-line">
            <th className="px-4 py-1 text-left font-normal">Day</th>
            <th className="py-1 text-right font-normal">Restorable</th>
            <th className="py-1 text-right font-normal">Stored</th>
            <th className="px-4 py-1 text-right font-normal">Change</th>
          </tr>
        </thead>
        <tbody>
          {days.slice(0, mostDays).map((day, at) => {
            const before = days[at + 1]
            return (
              <tr key={day.day} className="border-t border-line">
                <td className="whitespace-nowrap px-4 py-1 font-mono text-xs">{day.day}</td>
                <td className="py-1 text-right">{formatBytes(day.restorableBytes)}</td>
                <td className="py-1 text-right">{formatBytes(day.storedBytes)}</td>
                <td className="px-4 py-1 text-right text-ink-muted">
                  {before ? changeText(day.storedBytes - before.storedBytes) : '–'}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Card>
  )
}

const changeText = (bytes: number) => (bytes === 0 ? '±0' : `${bytes > 0 ? '+' : '−'}${formatBytes(Math.abs(bytes))}`)
