const SERIES = ['bg-series-1', 'bg-series-2', 'bg-series-3', 'bg-series-4', 'bg-series-5', 'bg-series-6', 'bg-series-7']

/** The colour of the series at this place, for the page and for the canvas. */
export function swatch(at: number): { className: string; variable: string } {
  const index = Math.min(at, SERIES.length - 1)
  return { className: SERIES[index] ?? '', variable: `--color-series-${index + 1}` }
}
