import { anthropic } from './anthropic'
import { gemini } from './gemini'
import { ollama } from './ollama'
import { openaiChat } from './openai-chat'
import { openaiCompletions } from './openai-completions'
import { openaiResponses } from './openai-responses'
import type { Dialect } from './types'

/** Every dialect that clients speak. */
export const DIALECTS: Dialect[] = [openaiChat, openaiResponses, anthropic, gemini, ollama, openaiCompletions]

export function dialectOf(id: string): Dialect {
  return DIALECTS.find((dialect) => dialect.id === id) ?? openaiChat
}
