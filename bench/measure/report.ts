import { cpus, loadavg, totalmem } from 'node:os'

/** What a bench says while it runs; its result alone goes to stdout. */
export const say = (text: string) => process.stderr.write(`${text}\n`)

/** Names the machine and how busy it is with other things: a number without it means little. */
export function sayMachine(): void {
  const [oneMinute = 0] = loadavg()
  const processors = cpus()
  const gib = Math.round(totalmem() / 2 ** 30)
  say(
    `${processors.length} × ${processors[0]?.model.trim() ?? 'CPU'}, ${gib} GiB, Node ${process.version}; load ${oneMinute.toFixed(2)}`,
  )
}

type Cell = string | number

const shown = (cell: Cell) => (typeof cell === 'string' ? cell : cell.toFixed(cell < 10 ? 2 : cell < 100 ? 1 : 0))

/** Prints rows under their headings, words to the left and numbers to the right. */
export function sayTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...rows.map((row) => shown(row[at] ?? '').length)),
  )
  const line = (cells: readonly Cell[], numeric: readonly boolean[]) =>
    cells
      .map((cell, at) => (numeric[at] ? shown(cell).padStart(widths[at] ?? 0) : shown(cell).padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  const numeric = headings.map((_, at) => rows.every((row) => typeof row[at] === 'number'))
  say(line(headings, numeric))
  for (const row of rows) say(line(row, numeric))
}

/** The bench's last word: one line of JSON. */
export const sayResult = (result: Record<string, string | number | boolean | null>) =>
  console.log(JSON.stringify(result))
