import type { components } from './schema.gen'

export type DocumentProblem = components['schemas']['DocumentProblem']

/** What a problem says, as far as it was said. */
export interface Problem {
  title: string
  status: number
  detail?: string
  field?: string
  problems?: DocumentProblem[]
}

/** An answer of the admin API that is none. */
export class ApiError extends Error {
  constructor(
    readonly problem: Problem,
    cause?: unknown,
  ) {
    super(problem.detail ?? problem.title, { cause })
    this.name = 'ApiError'
  }

  /** Somebody else changed the document since it was read. */
  get stale(): boolean {
    return this.problem.status === 412
  }
}

/** The problem in an answer; one that has none is described by its status. */
export function problemOf(body: unknown, response: Response): Problem {
  if (typeof body === 'object' && body !== null && 'title' in body) {
    return { ...(body as Problem), status: response.status }
  }
  return { title: `Trunkline answered ${response.status} ${response.statusText}`.trim(), status: response.status }
}

/** An error in a sentence for people. What is wrong with a document is told without saying where: they look at the place. */
export function sentenceOf(error: unknown): string {
  const flaws = (error instanceof ApiError && error.problem.problems) || []
  const told = flaws.map(({ message, hint }) => (hint ? `${message}: ${hint}` : message)).join('; ')
  const text = told || (error instanceof Error ? error.message : String(error))
  return text.charAt(0).toUpperCase() + text.slice(1)
}
