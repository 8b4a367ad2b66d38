import { swatch } from './swatch'

export function Legend({ labels }: { labels: string[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {labels.map((label, at) => (
        <li key={label} className="flex items-center gap-1.5">
          <span className={`size-2 rounded-sm ${swatch(at).className}`} aria-hidden />
          {label}
        </li>
      ))}
    </ul>
  )
}
