// The official OpenAI SDK for Node, in the major that is named, against the gateway that the Python suite started.
import assert from "node:assert/strict";
import { test } from "node:test";

const { default: OpenAI } = await import(process.env.SDK);
const baseURL = process.env.GATEWAY;
const apiKey = process.env.GATEWAY_KEY;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 20_000 });
const messages = [{ role: "user", content: "hello" }];

test("chat", async () => {
  const answer = await client.chat.completions.create({ model: "mock/gpt-4o", messages });
  assert.equal(answer.model, "mock/gpt-4o");
  assert.equal(answer.choices[0].message.content, "Hi there from the mock!");
  assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens], [11, 5]);
});

test("stream", async () => {
  for (const model of ["mock/gpt-4o", "dummy/story-1", "alias"]) {
    let text = "";
    let last;
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
      assert.equal(chunk.model, model);
      assert.ok(chunk.choices.length === 1, "the usage chunk is withheld");
      text += chunk.choices[0].delta.content ?? "";
      last = chunk;
    }
    assert.ok(text.length > 0);
    assert.equal(last.choices[0].finish_reason, "stop");
  }
});

test("stream with usage", async () => {
  const options = { model: "mock/gpt-4o", messages, stream: true, stream_options: { include_usage: true } };
  let usage;
  for await (const chunk of await client.chat.completions.create(options)) usage = chunk.usage ?? usage;
  assert.equal(usage.prompt_tokens, 11);
});

test("a stream left by its reader ends quietly", async () => {
  const stream = await client.chat.completions.create({ model: "dummy/story-1", messages, stream: true });
  for await (const _ of stream) break;
  assert.equal((await client.models.retrieve("alias")).id, "alias");
});

test("completions", async () => {
  const answer = await client.completions.create({ model: "up/legacy-node", prompt: "once" });
  assert.equal(answer.model, "up/legacy-node");
});

test("embeddings, which the SDK asks for as base64", async () => {
  const answer = await client.embeddings.create({ model: "mock/text-embedding-3-small", input: "a vector", encoding_format: "float" });
  assert.deepEqual(answer.data[0].embedding, [0.25, -0.5, 1]);
});

test("models", async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  for (const name of ["alias", "up/listed-1", "mock/gpt-4o", "dummy/echo-1"]) assert.ok(names.includes(name), name);
  assert.equal((await client.models.retrieve("up/listed-1")).id, "up/listed-1");
});

test("a tool call passes through and back", async () => {
  const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }];
  const asked = [{ role: "user", content: "the weather in Oslo?" }];
  const runner = client.chat.completions.stream({ model: "mock/gpt-4o", messages: asked, tools });
  const { message } = (await runner.finalChatCompletion()).choices[0];
  const [call] = message.tool_calls;
  assert.deepEqual([call.function.name, JSON.parse(call.function.arguments)], ["get_weather", { city: "Oslo" }]);
  const told = [...asked, message, { role: "tool", tool_call_id: call.id, content: '{"degrees":4}' }];
  const answer = await client.chat.completions.create({ model: "mock/gpt-4o", messages: told, tools });
  assert.equal(answer.choices[0].message.content, "It is 4 degrees in Oslo.");
});

test("errors are raised as the right classes", async () => {
  const cases = [
    ["up/e400", OpenAI.BadRequestError, 400],
    ["up/e429", OpenAI.RateLimitError, 429],
    ["up/e500", OpenAI.InternalServerError, 502],
    ["aliaz", OpenAI.NotFoundError, 404],
  ];
  for (const [model, kind, status] of cases) {
    await assert.rejects(client.chat.completions.create({ model, messages }), (error) => {
      assert.ok(error instanceof kind, `${model}: ${error}`);
      assert.equal(error.status, status);
      assert.ok(error.requestID);
      return true;
    });
  }
  const stranger = new OpenAI({ baseURL, apiKey: "sk-wrong", maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});

test("a stream that breaks raises", async () => {
  const seen = [];
  await assert.rejects(async () => {
    for await (const chunk of await client.chat.completions.create({ model: "up/snaps", messages, stream: true })) {
      seen.push(chunk.choices[0].delta.content);
    }
  }, OpenAI.APIError);
  assert.deepEqual(seen, ["partial"]);
});
