import type { Schemas } from '@/api/client'
import { cx } from '@/ui/classes'

type ProviderType = Schemas['ProviderType']

interface PickerProps {
  types: ProviderType[]
  current: string | undefined
  onPick: (type: ProviderType) => void
}

/** What a provider can be: vendors, which need a key, and servers of one's own, which need an address. */
export function TypePicker({ types, current, onPick }: PickerProps) {
  const groups = [
    { label: 'Vendors', types: types.filter((type) => type.needs_key) },
    { label: 'Servers of your own', types: types.filter((type) => !type.needs_key) },
  ]
  return (
    <div className="flex flex-col gap-4">
      {groups.map((group) => (
        <div key={group.label} role="group" aria-label={group.label}>
          <p className="mb-1.5 text-xs font-medium text-muted">{group.label}</p>
          <div className="grid grid-cols-2 gap-2 sm:grid-cols-3 lg:grid-cols-5">
            {group.types.map((type) => (
              <button
                key={type.type}
                type="button"
                aria-pressed={type.type === current}
                onClick={() => onPick(type)}
                className={cx(
                  'flex items-center gap-2 rounded-md border px-3 py-2 text-left text-[13px] font-medium',
                  type.type === current ? 'border-accent bg-accent-soft text-accent' : 'border-line bg-raised hover:border-edge hover:bg-hover',
                )}
              >
                <Monogram label={type.label} />
                <span className="min-w-0 truncate">{type.label}</span>
              </button>
            ))}
          </div>
        </div>
      ))}
    </div>
  )
}

/** Two letters in place of a logo: vendors' marks are theirs. */
function Monogram({ label }: { label: string }) {
  const letters = label.replace(/[^A-Za-z]/g, '').slice(0, 2)
  return (
    <span aria-hidden className="grid size-6 shrink-0 place-items-center rounded bg-hover text-2xs font-semibold text-muted">
      {letters}
    </span>
  )
}
