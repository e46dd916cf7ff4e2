import type uPlot from 'uplot'
import { formatUnit, type Unit } from './format.ts'

/** What the drawing needs to know of a chart; colours are already resolved. */
export interface ChartOptions {
  widthPx: number
  heightPx: number
  unit: Unit
  series: readonly { label: string; color: string; isDashed?: boolean; isFilled?: boolean }[]
  minTop: number | undefined
  maxTop: number | undefined
  inkColor: string
  lineColor: string
  surfaceColor: string
  syncKey: string | undefined
  /** What the colours were resolved under. */
  theme: 'light' | 'dark'
  onCursor: (index: number | null) => void
}

const binarySteps = Array.from({ length: 60 }, (_, power) => 2 ** power)
const font = '11px "Inter Variable", sans-serif'

/** Options for uPlot: no legend, no vertical crosshair, few lines. */
export function chartOptions(options: ChartOptions): uPlot.Options {
  const { unit, inkColor, lineColor, minTop, maxTop } = options
  return {
    class: `chart-${options.theme}`,
    width: options.widthPx,
    height: options.heightPx,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: {
        size: 10,
        width: 2,
        stroke: options.surfaceColor,
        fill: (_chart, place) => options.series[place - 1]?.color ?? inkColor,
      },
      ...(options.syncKey ? { sync: { key: options.syncKey } } : {}),
    },
    scales: {
      // The axis of a single reading is a minute; left alone it would go on for a day.
      x: { range: (chart, first, last) => (hasOne(chart) ? [first - 60, first] : [first, last]) },
      y: { range: (_chart, _low, high) => [0, top(high, minTop, maxTop)] },
    },
    axes: [
      {
        stroke: inkColor,
        font,
        size: 24,
        gap: 6,
        space: 72,
        grid: { show: false },
        ticks: { show: false },
        values: (_chart, splits, _axis, _space, stepSeconds) => splits.map((at) => formatTick(at, stepSeconds)),
      },
      {
        stroke: inkColor,
        font,
        size: 68,
        gap: 8,
        space: 32,
        grid: { stroke: lineColor, width: 1 },
        ticks: { show: false },
        ...(unit === 'bytes' || unit === 'bytesPerSecond' ? { incrs: binarySteps } : {}),
        values: (_chart, splits) => splits.map((value) => formatUnit(value, unit)),
      },
    ],
    series: [
      {},
      ...options.series.map((series) => ({
        label: series.label,
        stroke: series.color,
        width: series.isDashed ? 1 : 1.5,
        // A line needs two of them.
        points: { show: hasOne, size: 6, fill: series.color },
        ...(series.isDashed ? { dash: [4, 4] } : {}),
        ...(series.isFilled ? { fill: withAlpha(series.color, 0.1) } : {}),
      })),
    ],
    hooks: { setCursor: [(chart) => options.onCursor(chart.cursor.idx ?? null)] },
  }
}

const hasOne = (chart: uPlot) => chart.data[0].length === 1

/** The top of the scale: a tenth above the highest value, at least `minTop`, exactly `maxTop` when given. */
function top(highest: number, minTop: number | undefined, maxTop: number | undefined): number {
  if (maxTop !== undefined) return maxTop
  return Math.max(Number.isFinite(highest) ? highest * 1.1 : 0, minTop ?? 0) || 1
}

/** A time on the axis: the day where the step is a day or midnight, else hours and minutes, with seconds if they matter. */
export function formatTick(atSeconds: number, stepSeconds: number): string {
  const at = new Date(atSeconds * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const isMidnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0
  if (stepSeconds >= 86_400 || isMidnight) {
    return `${at.getDate()} ${at.toLocaleString('en-GB', { month: 'short' })}`
  }
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`
  return stepSeconds < 60 ? `${clock}:${two(at.getSeconds())}` : clock
}

/** The same colour, nearly transparent; takes any functional notation without an alpha. */
export function withAlpha(color: string, alpha: number): string {
  return color.replace(/\)$/, color.startsWith('rgb(') && color.includes(',') ? `, ${alpha})` : ` / ${alpha})`)
}
