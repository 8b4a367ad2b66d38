const WIDTH = 96
const HEIGHT = 24

/** The shape of a figure over time; the figure itself stands beside it. */
export function Spark({ values }: { values: number[] }) {
  const max = Math.max(...values, 0)
  if (values.length < 2 || max === 0) return <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="h-6 w-full" aria-hidden />
  const points = values.map((value, at) => `${((at / (values.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 1.5 - (value / max) * (HEIGHT - 3)).toFixed(1)}`)
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" className="h-6 w-full text-accent" aria-hidden>
      <polyline points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} fill="currentColor" opacity="0.1" />
      <polyline points={points.join(' ')} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  )
}
