import { Checkbox } from '#components/ui/checkbox.tsx'
import { formatBytes, formatPercent } from '#components/ui/format.ts'
import type { RestoreMeasure } from '#server/schema/backup.ts'
import { mostBytes } from './restore-words.ts'

interface RestoreDisksProps {
  disks: readonly { target: string; sizeBytes: number }[]
  measure: RestoreMeasure | undefined
  chosen: readonly string[]
  onChange: (targets: string[]) => void
}

/** Each disk of the recovery point: whether it is restored, and how much of it that changes. */
export function RestoreDisks({ disks, measure, chosen, onChange }: RestoreDisksProps) {
  return (
    <div>
      <ul aria-label="Disks" className="divide-y divide-line rounded-md border border-line">
        {disks.map(({ target, sizeBytes }) => {
          const measured = measure?.disks.find((disk) => disk.target === target)
          const isChosen = chosen.includes(target)
          const toggle = (isOn: boolean) =>
            onChange(isOn ? [...chosen, target] : chosen.filter((each) => each !== target))
          return (
            <li key={target} className="flex flex-col gap-1.5 px-2.5 py-2 text-xs">
              <div className="flex items-start justify-between gap-3">
                {disks.length > 1 || measured?.obstacle ? (
                  <Checkbox isSelected={isChosen} onChange={toggle} isDisabled={Boolean(measured?.obstacle)}>
                    <span className="font-mono">{target}</span>
                  </Checkbox>
                ) : (
                  <span className="font-mono text-ink">{target}</span>
                )}
                <span className="text-ink-muted tabular-nums">{formatBytes(sizeBytes)}</span>
              </div>
              {measured?.obstacle ? (
                <p className="text-ink-muted">It {measured.obstacle}: restore it as a new VM.</p>
              ) : (
                measured && isChosen && <ChangeBar disk={measured} />
              )}
              {!measured?.obstacle && (measured?.nowBytes ?? 0) > sizeBytes && (
                <p className="text-ink-muted">It is {formatBytes(measured?.nowBytes)} now and stays that large.</p>
              )}
            </li>
          )
        })}
      </ul>
      {measure && measure.newDisks.length > 0 && (
        <p className="mt-1.5 text-xs text-ink-muted">
          {measure.newDisks.join(', ')} came later and {measure.newDisks.length === 1 ? 'stays' : 'stay'} as it is now.
        </p>
      )}
    </div>
  )
}

/** What is written, against the disk. */
function ChangeBar({ disk }: { disk: RestoreMeasure['disks'][number] }) {
  const { changedBytes, sinceBytes, sizeBytes } = disk
  const since = mostBytes(disk) - changedBytes
  const width = (bytes: number) => (bytes === 0 ? '0' : `max(2px, ${(bytes / sizeBytes) * 100}%)`)
  const words = [
    `${formatBytes(changedBytes)} differ from the newest recovery point`,
    sinceBytes === null
      ? 'changes since then are not known'
      : since === 0
        ? 'nothing more changed since then'
        : `at most ${formatBytes(since)} changed since then`,
  ]
  return (
    <>
      <div
        role="img"
        aria-label={`${formatPercent(mostBytes(disk) / sizeBytes)} of ${disk.target} is written`}
        className="flex h-1.5 overflow-hidden rounded-full bg-sunken"
      >
        <span className="h-full bg-series-1" style={{ width: width(changedBytes) }} />
        <span className="h-full bg-series-4" style={{ width: width(since) }} />
      </div>
      <ul className="flex flex-wrap gap-x-3 text-ink-muted">
        {words.map((text, index) => (
          <li key={text} className="flex items-center gap-1.5">
            <span
              aria-hidden="true"
              className={`size-2 shrink-0 rounded-full ${index === 0 ? 'bg-series-1' : 'bg-series-4'}`}
            />
            {text}
          </li>
        ))}
      </ul>
    </>
  )
}
