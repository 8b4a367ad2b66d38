import { lazy, Suspense } from 'react'
import type { PlotProps } from './plot'

const Plot = lazy(async () => ({ default: (await import('./plot')).Plot }))

/** A chart over time. Its place is kept until the library has come. */
export function TimeChart(props: PlotProps) {
  return (
    <Suspense fallback={<div style={{ height: props.height }} role="status" aria-label="Loading the chart" />}>
      <Plot {...props} />
    </Suspense>
  )
}
