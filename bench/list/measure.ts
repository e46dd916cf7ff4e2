import type { Services } from '#server/api/services.ts'
import type { VmPage } from '#server/schema/vm.ts'
import { timed } from '../measure/percentile.ts'
import type { Asker, ListCase } from './cases.ts'
import { askCounts, askList, askOffset, type OffsetPage, readAnswer } from './path.ts'

const limit = 50

export interface ListMeasurement extends ListCase {
  /** Rows that lie before the page */
  offset: number
  rows: number
  ms: number[]
  offsetMs: number[]
}

export interface ListRun {
  services: Services
  headers: Record<Asker, Headers>
  rounds: number
}

/** Readies a case: finds its depth and cursor, and makes sure that both ways give the same rows. */
async function prepare(run: ListRun, wanted: ListCase) {
  const { asker, filter, sort, depth } = wanted
  const headers = run.headers[asker]
  const { total } = readAnswer<{ total: number }>(await askCounts(run.services, headers, filter))
  const offset = Math.max(0, Math.min(Math.floor(total * depth), total - limit))
  const input = { filter, sort, limit }
  const before = offset > 0 ? await askOffset(run.services, headers, { ...input, limit: 1, offset: offset - 1 }) : null
  const cursor = before === null ? null : readAnswer<OffsetPage>(before).cursor
  const byKey = () => askList(run.services, headers, { ...input, cursor })
  const byOffset = () => askOffset(run.services, headers, { ...input, offset })
  const [page, same] = [readAnswer<VmPage>(await byKey()), readAnswer<OffsetPage>(await byOffset())]
  const ids = (rows: { id: string }[]) => rows.map((row) => row.id).join(' ')
  if (ids(page.rows) !== ids(same.rows)) {
    throw new Error(`${asker}, “${filter}” by ${sort.key} after ${offset}: the page is not the one that OFFSET gives`)
  }
  return {
    byKey,
    byOffset,
    measurement: { ...wanted, offset, rows: page.rows.length, ms: [], offsetMs: [] } as ListMeasurement,
  }
}

/** Measures all cases in turns, so that what else the machine does falls on all of them alike. */
export async function measureList(run: ListRun, cases: readonly ListCase[]): Promise<ListMeasurement[]> {
  const prepared = []
  for (const wanted of cases) prepared.push(await prepare(run, wanted))
  for (let round = 0; round < run.rounds; round++) {
    for (const { byKey, byOffset, measurement } of prepared) {
      measurement.ms.push((await timed(byKey)).ms)
      // The peer is slow, and its median needs fewer rounds.
      if (round % 4 === 0) measurement.offsetMs.push((await timed(byOffset)).ms)
    }
  }
  return prepared.map(({ measurement }) => measurement)
}
