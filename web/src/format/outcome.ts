export type Tone = 'good' | 'warn' | 'bad' | 'neutral' | 'accent'

const WORDS: Record<string, string> = {
  served: 'Served',
  client_left: 'Client left',
  key_rests: 'Key rests',
  key_rate: 'Key at its rate',
  target_rests: 'Target rests',
  provider_rests: 'Provider rests',
  circuit_open: 'Circuit open',
  no_room: 'No room',
}

/** How a request or an attempt ended, in words. */
export function outcomeWords(outcome: string): string {
  return WORDS[outcome] ?? sentence(outcome)
}

export function outcomeTone(outcome: string): Tone {
  if (outcome === 'served') return 'good'
  if (outcome === 'client_left' || outcome === 'outpaced') return 'neutral'
  const waits = ['rate_limited', 'key_rests', 'key_rate', 'target_rests', 'provider_rests', 'circuit_open', 'no_room', 'draining', 'unhealthy', 'context']
  return waits.includes(outcome) ? 'warn' : 'bad'
}

export function stateTone(state: string): Tone {
  if (state === 'up' || state === 'ready') return 'good'
  if (['cooling', 'draining', 'open', 'resting'].includes(state)) return 'warn'
  if (state === 'down') return 'bad'
  return 'neutral'
}

/** `rate_limited` as `Rate limited` */
export function sentence(word: string): string {
  const text = word.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export const DIALECT_WORDS: Record<string, string> = {
  openai_chat: 'OpenAI Chat',
  openai_completions: 'OpenAI Completions',
  openai_responses: 'OpenAI Responses',
  anthropic: 'Anthropic Messages',
  ollama: 'Ollama',
  gemini: 'Gemini',
}
