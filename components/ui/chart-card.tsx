'use client'

import { Card } from './card.tsx'
import { TimeSeriesChart, type TimeSeriesChartProps } from './time-series-chart.tsx'

const heightPx = 140

/** One reading over time, under its name. */
export const ChartCard = (props: Omit<TimeSeriesChartProps, 'heightPx'>) => (
  <Card title={props.label}>
    <TimeSeriesChart {...props} heightPx={heightPx} />
  </Card>
)
