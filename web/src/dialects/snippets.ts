import type { Dialect, Prepared } from './types'

export type Language = 'curl' | 'python' | 'node'
export const LANGUAGES: { id: Language; label: string }[] = [
  { id: 'curl', label: 'curl' },
  { id: 'python', label: 'Python' },
  { id: 'node', label: 'Node' },
]

/** The request as a program, against `origin`. The key is never written: it is read from the environment. */
export function snippet(language: Language, dialect: Dialect, prepared: Prepared, origin: string): string {
  if (language === 'curl') return curl(prepared, origin)
  const library = LIBRARIES[dialect.id]
  if (!library) return language === 'python' ? pythonHttp(prepared, origin) : nodeHttp(prepared, origin)
  return language === 'python' ? library.python(prepared, origin) : library.node(prepared, origin)
}

function curl({ path, headers, body }: Prepared, origin: string): string {
  const lines = [
    `curl ${shell(origin + path)}`,
    '-H "Authorization: Bearer $TRUNKLINE_KEY"',
    "-H 'Content-Type: application/json'",
    ...Object.entries(headers).map(([name, value]) => `-H ${shell(`${name}: ${value}`)}`),
    `-d ${shell(JSON.stringify(body, null, 2))}`,
  ]
  if (body.stream === true || path.includes(':stream')) lines.splice(1, 0, '-N')
  return lines.join(' \\\n  ')
}

/** Between single quotation marks nothing has a meaning but their end. */
function shell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

interface Library {
  python(prepared: Prepared, origin: string): string
  node(prepared: Prepared, origin: string): string
}

/** Vendors' own libraries, for dialects that have one which takes the body as it is. */
const LIBRARIES: Record<string, Library> = {
  openai_chat: openai('chat.completions', 'chunk.choices[0].delta.content', 'answer.choices[0].message.content'),
  openai_completions: openai('completions', 'chunk.choices[0].text', 'answer.choices[0].text'),
  openai_responses: {
    python: (prepared, origin) => openaiPython(prepared, origin, 'responses', ['for event in answer:', '    if event.type == "response.output_text.delta":', '        print(event.delta, end="", flush=True)'], 'print(answer.output_text)'),
    node: (prepared, origin) => openaiNode(prepared, origin, 'responses', ['for await (const event of answer) {', '  if (event.type === "response.output_text.delta") process.stdout.write(event.delta)', '}'], 'console.log(answer.output_text)'),
  },
  anthropic: {
    python: ({ body }, origin) =>
      [
        'import os',
        'from anthropic import Anthropic',
        '',
        `client = Anthropic(base_url=${python(origin)}, api_key=os.environ["TRUNKLINE_KEY"])`,
        `answer = client.messages.create(${kwargs(body)})`,
        ...(body.stream ? ['for event in answer:', '    if event.type == "content_block_delta" and event.delta.type == "text_delta":', '        print(event.delta.text, end="", flush=True)'] : ['print(answer.content)']),
      ].join('\n'),
    node: ({ body }, origin) =>
      [
        'import Anthropic from "@anthropic-ai/sdk"',
        '',
        `const client = new Anthropic({ baseURL: ${JSON.stringify(origin)}, apiKey: process.env.TRUNKLINE_KEY })`,
        `const answer = await client.messages.create(${JSON.stringify(body, null, 2)})`,
        ...(body.stream ? ['for await (const event of answer) {', '  if (event.type === "content_block_delta" && event.delta.type === "text_delta") process.stdout.write(event.delta.text)', '}'] : ['console.log(answer.content)']),
      ].join('\n'),
  },
}

function openai(resource: string, piece: string, whole: string): Library {
  return {
    python: (prepared, origin) => openaiPython(prepared, origin, resource, ['for chunk in answer:', '    if chunk.choices:', `        print(${piece} or "", end="", flush=True)`], `print(${whole})`),
    node: (prepared, origin) => openaiNode(prepared, origin, resource, ['for await (const chunk of answer) {', `  process.stdout.write(${piece.replace('[0].', '[0]?.')} ?? "")`, '}'], `console.log(${whole})`),
  }
}

function openaiPython({ body }: Prepared, origin: string, resource: string, streamed: string[], whole: string): string {
  const lines = ['import os', 'from openai import OpenAI', '', `client = OpenAI(base_url=${python(`${origin}/v1`)}, api_key=os.environ["TRUNKLINE_KEY"])`, `answer = client.${resource}.create(${kwargs(body)})`]
  return [...lines, ...(body.stream ? streamed : [whole])].join('\n')
}

function openaiNode({ body }: Prepared, origin: string, resource: string, streamed: string[], whole: string): string {
  const lines = ['import OpenAI from "openai"', '', `const client = new OpenAI({ baseURL: ${JSON.stringify(`${origin}/v1`)}, apiKey: process.env.TRUNKLINE_KEY })`, `const answer = await client.${resource}.create(${JSON.stringify(body, null, 2)})`]
  return [...lines, ...(body.stream ? streamed : [whole])].join('\n')
}

function pythonHttp({ path, headers, body }: Prepared, origin: string): string {
  const all = { ...headers }
  return [
    'import os',
    'import httpx',
    '',
    `headers = {"Authorization": f"Bearer {os.environ['TRUNKLINE_KEY']}", ${Object.entries(all).map(([name, value]) => `${python(name)}: ${python(value)}, `).join('')}}`,
    `body = ${python(body)}`,
    `with httpx.stream("POST", ${python(origin + path)}, headers=headers, json=body, timeout=600) as answer:`,
    '    for line in answer.iter_lines():',
    '        print(line)',
  ].join('\n')
}

function nodeHttp({ path, headers, body }: Prepared, origin: string): string {
  return [
    `const answer = await fetch(${JSON.stringify(origin + path)}, {`,
    '  method: "POST",',
    '  headers: {',
    '    Authorization: `Bearer ${process.env.TRUNKLINE_KEY}`,',
    '    "Content-Type": "application/json",',
    ...Object.entries(headers).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},`),
    '  },',
    `  body: JSON.stringify(${JSON.stringify(body, null, 2)}),`,
    '})',
    'for await (const text of answer.body.pipeThrough(new TextDecoderStream())) process.stdout.write(text)',
  ].join('\n')
}

function kwargs(body: Record<string, unknown>): string {
  return `\n${Object.entries(body)
    .map(([name, value]) => `    ${name}=${python(value, 1)},\n`)
    .join('')}`
}

/** A JSON value as Python writes it. */
export function python(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  // JSON's escapes are Python's; characters beyond the plane that \u reaches come as they are.
  if (typeof value !== 'object') return JSON.stringify(value)
  const [pad, end] = ['    '.repeat(depth + 1), '    '.repeat(depth)]
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[\n${value.map((item) => `${pad}${python(item, depth + 1)},\n`).join('')}${end}]`
  const entries = Object.entries(value)
  return entries.length === 0 ? '{}' : `{\n${entries.map(([key, item]) => `${pad}${JSON.stringify(key)}: ${python(item, depth + 1)},\n`).join('')}${end}}`
}
