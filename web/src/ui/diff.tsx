import { cx } from './classes'

/** A unified diff, coloured; the signs stay, since colour alone says nothing to some. */
export function Diff({ text }: { text: string }) {
  const lines = text.replace(/\n$/, '').split('\n')
  return (
    <pre tabIndex={0} aria-label="Changes" className="max-h-[28rem] overflow-auto rounded-md border border-line bg-sunken py-2 font-mono text-xs leading-5">
      {lines.map((line, at) => (
        <div key={at} className={cx('min-w-fit px-3 whitespace-pre', tint(line))}>
          {line || ' '}
        </div>
      ))}
    </pre>
  )
}

function tint(line: string): string {
  if (line.startsWith('@@')) return 'text-accent'
  if (line.startsWith('+++') || line.startsWith('---')) return 'text-muted'
  if (line.startsWith('+')) return 'bg-good-soft text-good'
  if (line.startsWith('-')) return 'bg-bad-soft text-bad'
  return ''
}
