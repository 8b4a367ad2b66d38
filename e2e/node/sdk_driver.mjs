// One official SDK as a program: sdk_driver.mjs PACKAGE. Each line in is a call, each line out is what came of it.
// `kit/sdk_driver.py` is its counterpart.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const name = process.argv[2];
const { default: Sdk } = await import(name);
const { version } = JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), "utf8"));
const { SDK_KEY, SDK_TIMEOUT_S } = process.env;

// A stream to its end: the kinds of its events in order, and what the SDK made of them.
async function streamed(stream, final) {
  const events = [];
  for await (const event of stream) events.push(event.type ?? "chunk");
  return { ...(await stream[final]()), events };
}

// The SDK keeps only the last piece of a field that it does not know.
async function chatStreamed(stream) {
  let thoughts = "";
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta ?? {};
    thoughts += delta.reasoning_content ?? delta.reasoning ?? "";
  }
  const completion = await stream.finalChatCompletion();
  if (thoughts) completion.choices[0].message.reasoning_content = thoughts;
  return completion;
}

function messages(made, stream, body) {
  return stream ? streamed(made.stream(body), "finalMessage") : made.create(body);
}

async function models(client) {
  const listed = [];
  for await (const model of client.models.list()) listed.push(model);
  return listed;
}

const calls = {
  chat: ({ chat: { completions } }, stream, body) =>
    stream ? chatStreamed(completions.stream(body)) : completions.create(body),
  responses: ({ responses }, stream, body) =>
    stream ? streamed(responses.stream(body), "finalResponse") : responses.create(body),
  messages: (client, stream, body) => messages(client.messages, stream, body),
  "beta messages": (client, stream, body) => messages(client.beta.messages, stream, body),
  count: (client, _, body) => client.messages.countTokens(body),
  models,
  model: (client, _, body) => client.models.retrieve(body.model),
};

async function answer({ base_url: baseURL, key, call, stream, body }) {
  const client = new Sdk({ baseURL, apiKey: key ?? SDK_KEY, maxRetries: 0, timeout: Number(SDK_TIMEOUT_S) * 1000 });
  try {
    return { answer: await calls[call](client, stream, body) };
  } catch (error) {
    // Without a status it is something that the SDK could not stand: the test says what it was.
    const { status = null } = error;
    return { error: { kind: error.constructor.name, status, body: status ? error.error : error.stack } };
  }
}

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
say({ version });
for await (const line of createInterface({ input: process.stdin })) say(await answer(JSON.parse(line)));
// Idle connections of its pool would keep it for seconds.
process.exit();
