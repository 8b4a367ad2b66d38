import { useQuery } from '@tanstack/react-query'
import { Search, Tag } from 'lucide-react'
import { useDeferredValue, useMemo, useState } from 'react'
import { api, ifMatch, taken, type Schemas } from '@/api/client'
import { documentChanged, newestRevision, prices } from '@/api/queries'
import { useDocumentReadOnly } from '@/api/writable'
import { sentenceOf } from '@/api/problem'
import { perMillion } from '@/format/money'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Card } from '@/ui/card'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Answered, Empty, Note } from '@/ui/states'
import { DataTable, type Column } from '@/ui/table'
import { say } from '@/ui/toast'

type Price = Schemas['Price']
const KINDS = [
  ['input', 'Input'],
  ['output', 'Output'],
  ['cached_input', 'Cached input'],
  ['cache_write', 'Cache write'],
] as const

/** What models cost: the list that comes with Trunkline, and what the document says instead. */
export function Prices() {
  const readOnly = useDocumentReadOnly()
  const [text, setText] = useState('')
  const [edited, setEdited] = useState<Price | null>(null)
  const question = useQuery(prices(useDeferredValue(text)))
  const columns = useMemo(() => columnsOf(readOnly, setEdited), [readOnly])
  return (
    <Card flush>
      <div className="border-b border-line p-2">
        <div className="relative">
          <Search size={14} className="pointer-events-none absolute top-2 left-2.5 text-faint" aria-hidden />
          <Input type="search" aria-label="Search prices by model" placeholder="Search prices by model" value={text} onChange={(event) => setText(event.target.value)} className="pl-8" />
        </div>
      </div>
      <Answered question={question}>
        {(rows) => (
          <DataTable
            label="Prices in USD per million tokens"
            rows={rows}
            columns={columns}
            id={(row) => row.model}
            empty={
              <Empty icon={Tag} title="No price is known for that name">
                What it costs is unknown then, and counts nothing. State a price on its model or target.
              </Empty>
            }
          />
        )}
      </Answered>
      {edited && <EditPrice price={edited} onClose={() => setEdited(null)} />}
    </Card>
  )
}

function columnsOf(readOnly: string | null, onEdit: (price: Price) => void): Column<Price>[] {
  return [
    {
      id: 'model',
      header: 'Model',
      value: (row) => row.model,
      cell: (row) => (
        <span className="flex items-center gap-2">
          <span className="font-medium">{row.model}</span>
          {row.source === 'document' && <Badge tone="accent">stated</Badge>}
        </span>
      ),
    },
    { id: 'vendor', header: 'Vendor', value: (row) => row.vendor, cell: (row) => <span className="text-muted">{row.vendor ?? '–'}</span> },
    ...KINDS.map(([key, header]): Column<Price> => ({ id: key, header, right: true, value: (row) => row[key], cell: (row) => perMillion(row[key]) })),
    { id: 'from', header: 'Known since', roomy: true, value: (row) => row.from, cell: (row) => <span className="text-muted">{row.from ?? '–'}</span> },
    {
      id: 'edit',
      header: '',
      cell: (row) => (
        <Button small kind="quiet" blocked={readOnly} onClick={() => onEdit(row)} aria-label={`Change the price of ${row.model}`}>
          Change
        </Button>
      ),
    },
  ]
}

function EditPrice({ price, onClose }: { price: Price; onClose: () => void }) {
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(KINDS.map(([key]) => [key, price[key] == null ? '' : String(price[key])])))
  const [wrong, setWrong] = useState<string>()
  const params = async () => ({ path: { model: price.model }, header: ifMatch(await newestRevision()) })

  async function change(what: () => Promise<unknown>, words: string) {
    try {
      await what()
      say(words)
      onClose()
      await documentChanged()
    } catch (error) {
      setWrong(sentenceOf(error))
    }
  }
  const number = (key: string) => (values[key] === '' ? null : Number(values[key]))
  const body = { input: number('input') ?? 0, output: number('output') ?? 0, cached_input: number('cached_input'), cache_write: number('cache_write') }

  return (
    <Dialog
      title={`Price of ${price.model}`}
      onClose={onClose}
      footer={
        <>
          {price.source === 'document' && (
            <Button kind="danger" onClick={() => void change(async () => taken(api.DELETE('/api/v1/prices/{model}', { params: await params() })), `The listed price of ${price.model} holds again.`)}>
              Back to the list’s price
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" onClick={() => void change(async () => taken(api.PUT('/api/v1/prices/{model}', { params: await params(), body })), `The price of ${price.model} is stated.`)}>
            Save
          </Button>
        </>
      }
    >
      <p className="mb-3 text-[13px] text-muted">USD per million tokens. What was asked for before keeps its cost.</p>
      {wrong && <Note tone="bad" role="alert">{wrong}</Note>}
      <div className="grid grid-cols-2 gap-3">
        {KINDS.map(([key, label]) => (
          <Field key={key} label={label}>
            <Input type="number" min={0} step="any" value={values[key]} onChange={(event) => setValues({ ...values, [key]: event.target.value })} />
          </Field>
        ))}
      </div>
    </Dialog>
  )
}
