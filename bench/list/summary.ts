import { geometricMean, median, percentile, rounded } from '../measure/percentile.ts'
import { sayTable } from '../measure/report.ts'
import type { ListMeasurement } from './measure.ts'

const isDeep = (measurement: ListMeasurement) => measurement.offset >= 1000
const ratio = ({ ms, offsetMs }: ListMeasurement) => median(offsetMs) / median(ms)

export function sayMeasurements(measurements: readonly ListMeasurement[]): void {
  sayTable(
    ['asker', 'filter', 'sort', 'after', 'rows', 'p50 ms', 'p99 ms', 'OFFSET p50', 'ratio'],
    measurements.map((each) => [
      each.asker,
      each.filter || '—',
      `${each.sort.key}${each.sort.descending ? ' ↓' : ''}`,
      String(each.offset),
      String(each.rows),
      median(each.ms),
      percentile(each.ms, 0.99),
      median(each.offsetMs),
      ratio(each),
    ]),
  )
}

/** Over all requests of all cases; the ratios over those that lie a thousand rows deep or more. */
export function summaryOf(measurements: readonly ListMeasurement[]) {
  const all = measurements.flatMap((each) => each.ms)
  const ratios = measurements.filter(isDeep).map(ratio)
  return {
    p50Ms: rounded(median(all)),
    p99Ms: rounded(percentile(all, 0.99)),
    vsOffset: rounded(geometricMean(ratios)),
    worstP50Ms: rounded(Math.max(...measurements.map((each) => median(each.ms)))),
    leastVsOffset: rounded(Math.min(...ratios)),
  }
}
