import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language'
import { toml } from '@codemirror/legacy-modes/mode/toml'
import { linter, lintGutter, lintKeymap, type Diagnostic } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'
import type { DocumentProblem } from '@/api/problem'
import type { Node } from '@/forms/schema'
import { completer } from './complete'

/** How long one rests from typing before the document is looked at. */
const LINT_DELAY_MS = 500

export interface TomlEditorProps {
  label: string
  /** What it begins with; a new object is written over what stands there. What is typed comes back through `onChange` alone. */
  start: { text: string }
  schema: Node
  readOnly: boolean
  onChange: (text: string) => void
  /** What is wrong with a text. */
  check: (text: string) => Promise<DocumentProblem[]>
  /** A place to go to; a new object goes there again. */
  goal?: { line: number; column: number }
}

/** The document as text. It lives in a shadow root: there its styles need no inline element, which the content policy forbids. */
export function TomlEditor({ label, start, schema, readOnly, onChange, check, goal }: TomlEditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const tell = useRef({ onChange, check })
  tell.current = { onChange, check }

  useEffect(() => {
    const place = host.current
    if (!place) return
    const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' })
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: start.text,
        extensions: [
          lineNumbers(),
          lintGutter(),
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          highlightSelectionMatches(),
          StreamLanguage.define(toml),
          syntaxHighlighting(COLORS),
          autocompletion({ override: [completer(schema)] }),
          linter((view) => problemsOf(view, tell.current.check), { delay: LINT_DELAY_MS }),
          keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...completionKeymap, ...lintKeymap]),
          EditorState.readOnly.of(readOnly),
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          EditorView.updateListener.of((update) => update.docChanged && tell.current.onChange(update.state.doc.toString())),
          LOOK,
        ],
      }),
    })
    view.current = made
    return () => made.destroy()
    // `start` is written by the effect below.
  }, [schema, readOnly, label])

  useEffect(() => {
    const made = view.current
    if (made && made.state.doc.toString() !== start.text) made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: start.text } })
  }, [start])

  useEffect(() => {
    const made = view.current
    if (!made || !goal) return
    const at = offsetOf(made, goal.line, goal.column)
    made.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    made.focus()
  }, [goal])

  return <div ref={host} className="h-full" />
}

async function problemsOf(view: EditorView, check: TomlEditorProps['check']): Promise<Diagnostic[]> {
  const problems = await check(view.state.doc.toString()).catch(() => [])
  return problems
    .filter((problem) => problem.line != null)
    .map((problem) => {
      const from = offsetOf(view, problem.line ?? 1, problem.column ?? 1)
      const to = view.state.wordAt(from)?.to ?? view.state.doc.lineAt(from).to
      return { from, to: Math.max(from, to), severity: problem.severity, message: problem.hint ? `${problem.message}\n${problem.hint}` : problem.message }
    })
}

function offsetOf(view: EditorView, line: number, column: number): number {
  const { doc } = view.state
  const at = doc.line(Math.min(Math.max(1, line), doc.lines))
  return Math.min(at.from + Math.max(0, column - 1), at.to)
}

// Custom properties reach into the shadow root.
const COLORS = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--color-faint)', fontStyle: 'italic' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--color-good)' },
  { tag: [tags.number, tags.bool, tags.atom], color: 'var(--color-warn)' },
  { tag: [tags.propertyName, tags.keyword, tags.heading, tags.definition(tags.propertyName)], color: 'var(--color-accent)' },
])

const LOOK = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', color: 'var(--color-ink)', backgroundColor: 'var(--color-surface)' },
  '&.cm-focused': { outline: '2px solid var(--color-accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.6' },
  '.cm-content': { caretColor: 'var(--color-ink)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--color-ink)' },
  '.cm-gutters': { backgroundColor: 'var(--color-sunken)', color: 'var(--color-faint)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--color-hover) 60%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--color-accent-soft) !important' },
  '.cm-selectionMatch': { backgroundColor: 'var(--color-warn-soft)' },
  '.cm-tooltip': { backgroundColor: 'var(--color-raised)', border: '1px solid var(--color-line)', borderRadius: '6px', fontFamily: 'var(--font-sans)', fontSize: '12.5px' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--color-accent-soft)', color: 'var(--color-ink)' },
  '.cm-completionInfo': { maxWidth: '24rem', padding: '6px 8px' },
  '.cm-panels': { backgroundColor: 'var(--color-sunken)', color: 'var(--color-ink)' },
  '.cm-panel input, .cm-panel button': { backgroundImage: 'none', backgroundColor: 'var(--color-raised)', color: 'var(--color-ink)', border: '1px solid var(--color-edge)', borderRadius: '4px' },
})
