'use client'

import 'uplot/dist/uPlot.min.css'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import { chartOptions } from './chart-options.ts'
import { cx } from './class-name.ts'
import { ErrorMessage, type ErrorMessageProps } from './error-message.tsx'
import { formatAbsoluteTime, formatUnit, type Unit } from './format.ts'
import { Skeleton } from './skeleton.tsx'
import { useElementWidth } from './use-element-width.ts'
import { resolveColors, useResolvedTheme } from './use-resolved-theme.ts'

/** One line of a chart. */
export interface ChartSeries {
  label: string
  /** One for each time; null leaves a gap. */
  values: readonly (number | null)[]
  /** From 1 to 6; the place in the list when left out. */
  color?: 1 | 2 | 3 | 4 | 5 | 6
  isFilled?: boolean
}

export interface TimeSeriesChartProps {
  /** Names the chart for screen readers. */
  label: string
  /** Epoch seconds, ascending. */
  timesSeconds: readonly number[]
  series: readonly ChartSeries[]
  unit: Unit
  heightPx?: number
  /** The scale reaches at least here, so that noise does not look like load. */
  minTop?: number
  /** The scale ends exactly here, e.g. 1 for percent. */
  maxTop?: number
  /** A dashed line, e.g. a quota. */
  limit?: { label: string; value: number }
  /** Charts of one key share their cursor. */
  syncKey?: string
  isLoading?: boolean
  error?: ErrorMessageProps | null
  emptyText?: string
  className?: string
}

/** Values over time. The legend shows the values under the pointer, else the latest; arrow keys move along. */
export function TimeSeriesChart(props: TimeSeriesChartProps) {
  const { label, timesSeconds, series, unit, heightPx = 168, limit, isLoading, error, className } = props
  if (error) return <ErrorMessage {...error} className={className} />
  if (isLoading || timesSeconds.length === 0) {
    return (
      <div
        className={cx('flex items-center justify-center text-sm text-ink-faint', className)}
        style={{ height: heightPx + 28 }}
      >
        {isLoading ? <Skeleton className="h-2/3 w-full" /> : (props.emptyText ?? 'No data in this time')}
      </div>
    )
  }
  const latest = series.map((each) => `${each.label} ${formatUnit(each.values.at(-1), unit)}`).join(', ')
  return (
    <figure
      aria-label={`${label}: ${latest}${limit ? `, ${limit.label} ${formatUnit(limit.value, unit)}` : ''}`}
      className={cx('min-w-0', className)}
    >
      <Plot {...props} heightPx={heightPx} />
    </figure>
  )
}

function Plot(props: TimeSeriesChartProps & { heightPx: number }) {
  const { label, timesSeconds, series, unit, heightPx, limit, minTop, maxTop, syncKey } = props
  const { ref, element: host, widthPx } = useElementWidth<HTMLDivElement>()
  const theme = useResolvedTheme()
  const chart = useRef<uPlot | null>(null)
  const [cursor, setCursor] = useState<number | null>(null)
  const shape = JSON.stringify(series.map((each, index) => [each.label, each.color ?? (index % 6) + 1, each.isFilled]))
  const limitLabel = limit?.label

  useEffect(() => {
    if (!host || widthPx === 0) return
    const lines = JSON.parse(shape) as [string, number, boolean | null][]
    const [ink = '', line = '', surface = '', ...colors] = resolveColors(host, [
      'ink-faint',
      'line',
      'surface',
      ...lines.map(([, color]) => `series-${color}`),
    ])
    const drawn = lines.map(([name, , isFilled], index) => ({
      label: name,
      color: colors[index] ?? ink,
      isFilled: isFilled ?? false,
    }))
    const options = chartOptions({
      widthPx,
      heightPx,
      unit,
      series: limitLabel ? [...drawn, { label: limitLabel, color: ink, isDashed: true }] : drawn,
      minTop,
      maxTop,
      inkColor: ink,
      lineColor: line,
      surfaceColor: surface,
      syncKey,
      theme,
      onCursor: setCursor,
    })
    const made = new uPlot(options, undefined, host)
    chart.current = made
    return () => {
      made.destroy()
      chart.current = null
    }
  }, [host, widthPx, heightPx, unit, shape, limitLabel, minTop, maxTop, syncKey, theme])

  useEffect(() => {
    const limitValues = limit ? [timesSeconds.map(() => limit.value)] : []
    chart.current?.setData([[...timesSeconds], ...series.map((each) => [...each.values]), ...limitValues])
  })

  const moveBy = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const plot = chart.current
    if (!step || !plot) return
    event.preventDefault()
    const from = cursor ?? (step > 0 ? -1 : timesSeconds.length)
    const next = Math.min(timesSeconds.length - 1, Math.max(0, from + step))
    plot.setCursor({ left: plot.valToPos(timesSeconds[next] ?? 0, 'x'), top: 10 })
  }
  const index = cursor ?? timesSeconds.length - 1
  const at = timesSeconds[index]
  // Only once on the page: the server does not know the reader's time zone.
  const absoluteText = at === undefined || widthPx === 0 ? '' : formatAbsoluteTime(at * 1000)
  const isWithinDay = (timesSeconds.at(-1) ?? 0) - (timesSeconds[0] ?? 0) <= 86_400
  return (
    <>
      <figcaption className="mb-1 flex min-h-5 flex-wrap items-center gap-x-4 gap-y-0.5 text-xs">
        {series.map((each, place) => (
          <span key={each.label} className="flex items-center gap-1.5">
            <span
              aria-hidden="true"
              className={cx('h-0.5 w-3 rounded-full', seriesFill[(each.color ?? (place % 6) + 1) - 1])}
            />
            <span className="text-ink-muted">{each.label}</span>
            <span className="min-w-16 text-ink">{formatUnit(each.values[index], unit)}</span>
          </span>
        ))}
        {limit && (
          <span className="text-ink-faint">
            ┄ {limit.label} {formatUnit(limit.value, unit)}
          </span>
        )}
        {/* Always there, so that the plot does not move when the pointer enters. */}
        <span className="ml-auto text-ink-faint">
          {absoluteText.slice(isWithinDay ? 11 : 0, isWithinDay ? 19 : 16)}
        </span>
      </figcaption>
      <div
        ref={ref}
        role="slider"
        tabIndex={0}
        aria-label={`Time in ${label}`}
        aria-valuemin={0}
        aria-valuemax={timesSeconds.length - 1}
        aria-valuenow={index}
        aria-valuetext={`${absoluteText}: ${series.map((each) => `${each.label} ${formatUnit(each.values[index], unit)}`).join(', ')}`}
        onKeyDown={moveBy}
        className="w-full overflow-hidden rounded-sm"
        style={{ height: heightPx }}
      />
    </>
  )
}

const seriesFill = ['bg-series-1', 'bg-series-2', 'bg-series-3', 'bg-series-4', 'bg-series-5', 'bg-series-6']
