import {
  createFilteredRowModel,
  createSortedRowModel,
  globalFilteringFeature,
  columnFilteringFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ColumnDef,
} from '@tanstack/react-table'
import { ArrowDown, ArrowUp, Search } from 'lucide-react'
import { useMemo, useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { cx } from './classes'
import { Input } from './field'
import { Empty } from './states'

const features = tableFeatures({
  columnFilteringFeature,
  globalFilteringFeature,
  rowSortingFeature,
  filteredRowModel: createFilteredRowModel(),
  sortedRowModel: createSortedRowModel(),
})

export interface Column<Row> {
  id: string
  header: string
  /** What is sorted and searched by; without it the column is only looked at. */
  value?: (row: Row) => string | number | null | undefined
  cell: (row: Row) => ReactNode
  right?: boolean
  /** Leaves when there is no room for it. */
  roomy?: boolean
  width?: string
}

interface TableProps<Row> {
  label: string
  rows: Row[]
  columns: Column<Row>[]
  id: (row: Row) => string
  /** Where a row leads. */
  href?: (row: Row) => string | null
  /** What is searched for, in words for its field; without it there is no search. */
  search?: string
  sort?: { id: string; desc?: boolean }
  /** What stands here when there are no rows at all. */
  empty: ReactNode
  /** Beside the search. */
  tools?: ReactNode
  rowClass?: (row: Row) => string | undefined
}

export function DataTable<Row extends object>({ label, rows, columns, id, href, search, sort, empty, tools, rowClass }: TableProps<Row>) {
  const [text, setText] = useState('')
  const [, go] = useLocation()
  const [sorting, setSorting] = useState(sort ? [{ id: sort.id, desc: sort.desc ?? false }] : [])
  const definitions = useMemo(() => columns.map((column) => definition(column)), [columns])
  const table = useTable({
    features,
    data: rows,
    columns: definitions,
    getRowId: id,
    state: { globalFilter: text, sorting },
    onSortingChange: setSorting,
    onGlobalFilterChange: setText,
    globalFilterFn: (row, columnId, wanted) => String(row.getValue(columnId) ?? '').toLowerCase().includes(String(wanted).toLowerCase()),
    getColumnCanGlobalFilter: () => true,
  })
  const shown = table.getRowModel().rows
  const byId = new Map(columns.map((column) => [column.id, column]))

  return (
    <div>
      {(search || tools) && (
        <div className="flex flex-wrap items-center gap-2 border-b border-line p-2">
          {search && (
            <div className="relative min-w-40 flex-1 basis-48">
              <Search size={14} className="pointer-events-none absolute top-2 left-2.5 text-faint" aria-hidden />
              <Input type="search" aria-label={search} placeholder={search} value={text} onChange={(event) => setText(event.target.value)} className="pl-8" />
            </div>
          )}
          {tools}
        </div>
      )}
      {rows.length === 0 ? (
        empty
      ) : shown.length === 0 ? (
        <Empty title={`Nothing here has “${text}” in it`} />
      ) : (
        <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
          <table className="w-full text-[13px]">
            <thead>
              <tr className="border-b border-line text-left text-xs text-muted">
                {table.getHeaderGroups()[0]?.headers.map((header) => {
                  const column = byId.get(header.id)
                  const sorted = header.column.getIsSorted()
                  return (
                    <th
                      key={header.id}
                      scope="col"
                      aria-sort={sorted ? (sorted === 'asc' ? 'ascending' : 'descending') : undefined}
                      className={cx('h-8 px-3 font-medium whitespace-nowrap first:pl-4 last:pr-4', column?.right && 'text-right', column?.roomy && 'hidden md:table-cell', column?.width)}
                    >
                      {column?.value ? (
                        <button type="button" onClick={header.column.getToggleSortingHandler()} className={cx('inline-flex items-center gap-1 hover:text-ink', sorted && 'text-ink')}>
                          {column.header}
                          {sorted === 'asc' && <ArrowUp size={12} aria-hidden />}
                          {sorted === 'desc' && <ArrowDown size={12} aria-hidden />}
                        </button>
                      ) : column?.header ? (
                        column.header
                      ) : (
                        <span className="sr-only">Actions</span>
                      )}
                    </th>
                  )
                })}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => {
                const to = href?.(row.original)
                return (
                  <tr
                    key={row.id}
                    // For the pointer; the keyboard has the link in the row's first cell.
                    onClick={to ? (event) => !(event.target as HTMLElement).closest('a,button,input') && go(to) : undefined}
                    className={cx('border-b border-line last:border-0', to && 'cursor-pointer hover:bg-hover', rowClass?.(row.original))}
                  >
                    {row.getAllCells().map((cell) => {
                      const column = byId.get(cell.column.id)
                      return (
                        <td key={cell.id} className={cx('h-10 px-3 py-1.5 first:pl-4 last:pr-4', column?.right && 'nums text-right', column?.roomy && 'hidden md:table-cell')}>
                          {column?.cell(row.original)}
                        </td>
                      )
                    })}
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
    </div>
  )
}

function definition<Row extends object>({ id, header, value }: Column<Row>): ColumnDef<typeof features, Row> {
  if (!value) return { id, header, enableSorting: false, enableGlobalFilter: false }
  return {
    id,
    header,
    accessorFn: (row) => value(row) ?? '',
    sortFn: (a, b, column) => compare(a.getValue(column), b.getValue(column)),
    // Numbers are first looked at from the largest down.
    sortDescFirst: false,
  }
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}
