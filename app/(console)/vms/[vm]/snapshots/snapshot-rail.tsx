import { cx } from '#components/ui/class-name.ts'
import type { Drawn, SnapshotLine } from './snapshot-lines.ts'

const columnPx = 18
const middlePx = 20
/** The rail runs through the whole line, however high its words make it. */
const farPx = 2000

/** The part of the tree's rails that lies in one line. */
export function SnapshotRail({ line, columns }: { line: SnapshotLine<Drawn>; columns: number }) {
  const x = (column: number) => column * columnPx + columnPx / 2
  const at = x(line.column)
  const isHere = line.snapshot === null
  return (
    // An image has a height of its own; out of the flow, the words beside it give the line its height.
    <span className="relative shrink-0 self-stretch" style={{ width: columns * columnPx }}>
      <svg aria-hidden="true" className="absolute inset-0 size-full overflow-hidden text-line-strong">
        <g stroke="currentColor" strokeWidth={1.5} fill="none">
          {line.passing.map((column) => (
            <path key={column} d={`M ${x(column)} 0 V ${farPx}`} />
          ))}
          {line.from === 'above' && <path d={`M ${at} 0 V ${middlePx}`} strokeDasharray={isHere ? '2 3' : undefined} />}
          {line.from === 'left' && <path d={`M ${at - columnPx} ${middlePx - 10} q 0 10 ${columnPx} 10`} />}
          {line.goesOn && <path d={`M ${at} ${middlePx} V ${farPx}`} />}
        </g>
        <circle
          cx={at}
          cy={middlePx}
          r={isHere ? 4.5 : 4}
          strokeWidth={1.5}
          className={cx(isHere ? 'fill-accent stroke-accent' : 'fill-surface stroke-current')}
        />
      </svg>
    </span>
  )
}
