import { faultOf, stop, usage } from './openai-chat'
import { body, list, said, type Chat, type Dialect } from './types'

export const openaiCompletions: Dialect = {
  id: 'openai_completions',
  label: 'OpenAI Completions',
  frames: 'sse',
  takes: { turns: false, tools: false, images: false },

  prepare: (chat) => ({
    path: '/v1/completions',
    headers: {},
    body: body({
      model: chat.model,
      prompt: promptOf(chat),
      temperature: chat.temperature,
      max_tokens: chat.maxTokens,
      // Usage is not asked for: some providers refuse the field, and Trunkline counts in any case.
      stream: chat.stream || undefined,
    }),
  }),

  pieces: (frame) => [...faultOf(frame), ...list(frame.choices).flatMap((choice) => [...said('text', choice.text), ...stop(choice)]), ...usage(frame.usage)],
  whole: (whole) => openaiCompletions.pieces(whole),
}

/** It continues a text and knows no turns: all of them are that text. */
function promptOf({ system, turns }: Chat): string {
  return [system, ...turns.map((turn) => (turn.role === 'results' ? '' : turn.text))].filter(Boolean).join('\n\n')
}
