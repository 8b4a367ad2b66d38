import { dialectOf } from '@/dialects/all'
import type { Chat, Tool, Turn } from '@/dialects/types'

/** What holds for all lanes. */
export interface Setup {
  dialect: string
  system: string
  temperature: string
  maxTokens: string
  stream: boolean
  /** JSON, as it is typed. */
  tools: string
}

export const INITIAL: Setup = { dialect: 'openai_chat', system: '', temperature: '', maxTokens: '', stream: true, tools: '' }

export const SAMPLE_TOOLS = JSON.stringify(
  [
    {
      name: 'get_weather',
      description: 'The weather of the next days in a city',
      parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] },
    },
  ],
  null,
  2,
)

export type ToolsRead = { tools: Tool[]; wrong?: undefined } | { tools?: undefined; wrong: string }

/** Tools as they were typed: ours or OpenAI's shape, one or a list. */
export function readTools(text: string): ToolsRead {
  if (text.trim() === '') return { tools: [] }
  try {
    const given: unknown = JSON.parse(text)
    const tools = [given].flat().map(toolOf)
    const unnamed = tools.findIndex((tool) => !tool.name)
    return unnamed < 0 ? { tools } : { wrong: `Tool ${unnamed + 1} has no name.` }
  } catch {
    return { wrong: 'This is not JSON yet.' }
  }
}

function toolOf(given: unknown): Tool {
  const table = (given ?? {}) as Record<string, unknown>
  const { name, description, parameters, input_schema } = (table.function ?? table) as Record<string, unknown>
  return {
    name: typeof name === 'string' ? name : '',
    ...(typeof description === 'string' ? { description } : {}),
    parameters: parameters ?? input_schema ?? { type: 'object', properties: {} },
  }
}

/** The chat that is sent, in words of its dialect: what that cannot say is left out. */
export function chatOf(setup: Setup, model: string, turns: Turn[]): Chat {
  const { takes } = dialectOf(setup.dialect)
  const read = readTools(setup.tools)
  return {
    model,
    system: setup.system.trim(),
    turns: takes.images ? turns : turns.map((turn) => (turn.role === 'user' ? { ...turn, images: [] } : turn)),
    tools: takes.tools ? (read.tools ?? []) : [],
    stream: setup.stream,
    temperature: setup.temperature === '' ? undefined : Number(setup.temperature),
    maxTokens: setup.maxTokens === '' ? undefined : Number(setup.maxTokens),
  }
}
