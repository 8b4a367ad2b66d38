import { useMutation, useQuery } from '@tanstack/react-query'
import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { api, taken } from '@/api/client'
import { configSchema } from '@/api/queries'
import type { DocumentProblem } from '@/api/problem'
import { useDocumentReadOnly } from '@/api/writable'
import type { Node } from '@/forms/schema'
import { counted } from '@/format/number'
import { Button } from '@/ui/button'
import { Answered, Note } from '@/ui/states'
import { complain } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { Review } from './review'

const TomlEditor = lazy(async () => ({ default: (await import('@/editor/toml-editor')).TomlEditor }))

interface DocumentEditorProps {
  document: string
  revision: string
  reload: () => void
}

export function DocumentEditor({ document, revision, reload }: DocumentEditorProps) {
  const readOnly = useDocumentReadOnly()
  const schema = useQuery(configSchema)
  const [text, setText] = useState(document)
  const [start, setStart] = useState({ text: document })
  // The revision that the text was begun from: somebody else's later one must not be overwritten unseen.
  const [base, setBase] = useState({ document, revision })
  const [problems, setProblems] = useState<DocumentProblem[]>([])
  const [goal, setGoal] = useState<{ line: number; column: number }>()
  const dirty = text !== base.document

  /** From what is saved, whatever was typed. */
  function begin() {
    setBase({ document, revision })
    setText(document)
    setStart({ text: document })
  }
  // Only when what is saved changes: ours is saved now, or nothing was typed on top of what was.
  useEffect(() => {
    if (text === document) setBase({ document, revision })
    else if (!dirty) begin()
  }, [document, revision])
  useUnsaved(dirty)

  const check = useCallback(async (text: string) => {
    const verdict = await taken(api.POST('/api/v1/config/validate', { body: { document: text } }))
    setProblems(verdict.problems)
    return verdict.problems
  }, [])
  const plan = useMutation({ mutationFn: () => taken(api.POST('/api/v1/config/plan', { body: { document: text } })), onError: complain, onSuccess: (plan) => setProblems(plan.problems) })
  const wrong = problems.filter((problem) => problem.severity === 'error').length

  return (
    <div className="flex flex-col gap-3">
      {readOnly && <Note tone="accent">{readOnly}</Note>}
      {dirty && revision !== base.revision && (
        <Note tone="warn" role="status">
          Somebody else has saved revision {revision} since you began. Review shows your text beside theirs; <button type="button" className="underline" onClick={begin}>discard yours</button> to begin from theirs.
        </Note>
      )}
      <div className="h-[min(62vh,44rem)] min-h-80 overflow-hidden rounded-lg border border-line bg-surface">
        <Answered question={schema}>
          {(schema) => (
            <Suspense fallback={null}>
              <TomlEditor label="The configuration document, TOML" start={start} schema={schema as Node} readOnly={Boolean(readOnly)} onChange={setText} check={check} goal={goal} />
            </Suspense>
          )}
        </Answered>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Button kind="primary" busy={plan.isPending} blocked={readOnly ?? (dirty ? null : 'Nothing has changed.')} onClick={() => plan.mutate()}>
          Review changes
        </Button>
        <Button blocked={dirty ? null : 'Nothing has changed.'} onClick={begin}>
          Discard
        </Button>
        <span role="status" className="flex items-center gap-1.5 text-xs text-muted">
          {wrong > 0 ? <CircleAlert size={14} className="text-bad" aria-hidden /> : <CircleCheck size={14} className="text-good" aria-hidden />}
          {wrong > 0 ? `${counted(wrong, 'problem')}: it cannot be saved like this.` : dirty ? 'Nothing is wrong with it.' : 'As saved.'}
        </span>
      </div>
      <Problems problems={problems} onGo={(problem) => problem.line != null && setGoal({ line: problem.line, column: problem.column ?? 1 })} />
      {plan.data?.ok && (
        <Review
          plan={plan.data}
          document={text}
          revision={base.revision}
          onClose={() => plan.reset()}
          onApplied={() => {
            plan.reset()
            reload()
          }}
        />
      )}
    </div>
  )
}

/** All that is wrong, each with its place; it can be gone to. */
function Problems({ problems, onGo }: { problems: DocumentProblem[]; onGo: (problem: DocumentProblem) => void }) {
  if (problems.length === 0) return null
  return (
    <ul aria-label="Problems" className="rounded-lg border border-line bg-surface">
      {problems.map((problem) => {
        const Icon = problem.severity === 'error' ? CircleAlert : TriangleAlert
        return (
          <li key={`${problem.line}${problem.path}${problem.message}`} className="border-b border-line last:border-0">
            <button type="button" onClick={() => onGo(problem)} className="flex w-full items-start gap-2.5 px-3 py-2 text-left text-[13px] hover:bg-hover">
              <Icon size={15} className={`mt-0.5 shrink-0 ${problem.severity === 'error' ? 'text-bad' : 'text-warn'}`} aria-label={problem.severity} />
              <span className="min-w-0 flex-1">
                <span className="block first-letter:uppercase">{problem.message}</span>
                <span className="text-xs text-muted">
                  {problem.path}
                  {problem.hint && `: ${problem.hint}`}
                </span>
              </span>
              {problem.line != null && <span className="nums text-xs text-muted">line {problem.line}</span>}
            </button>
          </li>
        )
      })}
    </ul>
  )
}
