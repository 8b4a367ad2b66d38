import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { dayOf } from '@/format/time'
import { useDark } from '@/shell/theme'
import { swatch } from './swatch'

export interface PlotSeries {
  label: string
  values: (number | null)[]
}

export interface PlotProps {
  /** For those who cannot see it. */
  label: string
  /** Unix seconds. */
  times: number[]
  series: PlotSeries[]
  kind: 'stack' | 'line'
  per: 'hour' | 'day'
  format: (value: number) => string
  height: number
}

interface Hover {
  at: number
  left: number
  right: boolean
}

export function Plot({ label, times, series, kind, per, format, height }: PlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const [hover, setHover] = useState<Hover | null>(null)
  const dark = useDark()

  useLayoutEffect(() => {
    const place = box.current
    if (!place) return
    const data = kind === 'stack' ? stacked(times, series) : [times, ...series.map((row) => row.values)]
    const plot = new uPlot(options(place, series, kind, height, format, setHover), data as uPlot.AlignedData, place)
    const sizes = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height }))
    sizes.observe(place)
    return () => {
      sizes.disconnect()
      plot.destroy()
    }
    // `dark` is read through computed colours.
  }, [times, series, kind, height, format, dark])
  useEffect(() => setHover(null), [times, series])

  return (
    <div className="relative" style={{ minHeight: height }}>
      <div ref={box} role="img" aria-label={label} className="overflow-hidden" style={{ height }} />
      {hover && <Tip hover={hover} times={times} series={series} per={per} format={format} summed={kind === 'stack'} />}
    </div>
  )
}

function Tip({ hover, times, series, per, format, summed }: { hover: Hover; summed: boolean } & Pick<PlotProps, 'times' | 'series' | 'per' | 'format'>) {
  const time = times[hover.at]
  if (time === undefined) return null
  const at = new Date(time * 1000)
  const total = series.reduce((sum, row) => sum + (row.values[hover.at] ?? 0), 0)
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute top-1 z-10 min-w-36 rounded-md bg-raised px-2.5 py-2 text-xs shadow-(--shadow-pop)"
      style={hover.right ? { right: `calc(100% - ${hover.left - 12}px)` } : { left: hover.left + 12 }}
    >
      <p className="mb-1 font-medium">
        {dayOf(at.toISOString())}
        {per === 'hour' && `, ${String(at.getHours()).padStart(2, '0')}:00`}
      </p>
      {series.map((row, index) => (
        <p key={row.label} className="flex items-center gap-1.5">
          <span className={`size-2 rounded-sm ${swatch(index).className}`} />
          <span className="max-w-44 flex-1 truncate text-muted">{row.label}</span>
          <span className="nums pl-3">{row.values[hover.at] == null ? '–' : format(row.values[hover.at] ?? 0)}</span>
        </p>
      ))}
      {summed && series.length > 1 && (
        <p className="mt-1 flex justify-between border-t border-line pt-1">
          <span className="text-muted">In all</span>
          <span className="nums">{format(total)}</span>
        </p>
      )}
    </div>
  )
}

/** Each series on top of those before it. The highest is drawn first, the others over it. */
function stacked(times: number[], series: PlotSeries[]): number[][] {
  let below = times.map(() => 0)
  const rows = series.map((row) => (below = below.map((sum, at) => sum + (row.values[at] ?? 0))))
  return [times, ...rows.reverse()]
}

function options(box: HTMLElement, series: PlotSeries[], kind: PlotProps['kind'], height: number, format: PlotProps['format'], onHover: (hover: Hover | null) => void): uPlot.Options {
  const color = reader(box)
  const line = color('--color-line')
  const axis: uPlot.Axis = { stroke: color('--color-muted'), font: "11px 'Inter', system-ui, sans-serif", ticks: { show: false }, grid: { stroke: line, width: 1 } }
  const order = kind === 'stack' ? series.map((_, at) => series.length - 1 - at) : series.map((_, at) => at)
  const bars = uPlot.paths.bars?.({ size: [0.75, 40], radius: 0.1 })
  return {
    width: box.clientWidth,
    height,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: kind === 'line' } },
    scales: {
      x: { range: (plot, min, max) => (kind === 'stack' ? withEdges(plot.data[0], min, max) : [min, max]) },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, values: timeLabels, space: 56, size: 28 },
      { ...axis, size: (_, values) => 14 + 6.4 * Math.max(3, ...(values ?? []).map((value) => value.length)), values: (_, splits) => splits.map(format), space: 36 },
    ],
    series: [
      {},
      ...order.map((index): uPlot.Series => {
        const ink = color(swatch(index).variable)
        return kind === 'stack' ? { fill: ink, width: 0, paths: bars, points: { show: false } } : { stroke: ink, width: 1.75, points: { show: false } }
      }),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const { idx, left } = plot.cursor
          if (idx == null || left == null || left < 0) return onHover(null)
          const within = left + plot.over.offsetLeft
          onHover({ at: idx, left: within, right: within > box.clientWidth / 2 })
        },
      ],
    },
  }
}

/** Half a bar more at either end: bars stand on the middle of their time. */
function withEdges(times: uPlot.TypedArray | number[], min: number, max: number): [number, number] {
  const half = times.length > 1 ? ((times[1] ?? 0) - (times[0] ?? 0)) / 2 : 1_800
  return [min - half, max + half]
}

/** Colours as the canvas takes them: it knows neither variables nor `light-dark()`. */
function reader(box: HTMLElement): (variable: string) => string {
  return (variable) => {
    const probe = document.createElement('span')
    probe.style.color = `var(${variable})`
    box.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }
}

/** Hours as `14:00`; where a day begins, the day. */
function timeLabels(_: uPlot, splits: number[]): string[] {
  return splits.map((seconds) => {
    const at = new Date(seconds * 1000)
    return at.getHours() === 0 && at.getMinutes() === 0 ? dayOf(at.toISOString()) : `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`
  })
}
