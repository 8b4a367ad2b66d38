// The old major of Anthropic's SDK for Node, which is what most programs still hold: `x-api-key`, version 2023-06-01, and
// `?beta=true` for beta calls. `test_anthropic_old.py` starts the gateway and names the model of each backend wire.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "anthropic-old";

const client = new Anthropic({ baseURL: process.env.GATEWAY, apiKey: process.env.GATEWAY_KEY, maxRetries: 0, timeout: 20_000 });
const models = process.env.MODELS.split(",");
const max_tokens = 1000;
const hello = [{ role: "user", content: "hello" }];
const tools = [{ name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } } } }];

for (const model of models) {
  test(`${model}: a message`, async () => {
    const answer = await client.messages.create({ model, max_tokens, messages: hello });
    assert.deepEqual([answer.type, answer.role, answer.model, answer.stop_reason], ["message", "assistant", model, "end_turn"]);
    assert.equal(answer.content[0].text, "Hello from the backend.");
  });

  test(`${model}: a stream, event by event`, async () => {
    const seen = [];
    let text = "";
    for await (const event of client.messages.stream({ model, max_tokens, messages: hello })) {
      if (seen.at(-1) !== event.type) seen.push(event.type);
      text += event.delta?.text ?? "";
    }
    assert.equal(text, "Hello from the backend.");
    const life = ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"];
    assert.deepEqual(seen, life);
  });

  test(`${model}: two tools at once, through the beta path, and back`, async () => {
    const asked = [{ role: "user", content: "What about both cities?" }];
    const runner = client.beta.messages.stream({ model, max_tokens, messages: asked, tools, betas: ["some-beta-2026-01-01"] });
    const first = await runner.finalMessage();
    const calls = first.content.filter((block) => block.type === "tool_use");
    assert.deepEqual(calls.map((call) => call.input), [{ city: "Oslo" }, { city: "Rome" }]);
    assert.equal(first.stop_reason, "tool_use");
    const content = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: `in ${call.input.city}` }));
    const told = [...asked, { role: "assistant", content: first.content }, { role: "user", content }];
    const last = await client.messages.create({ model, max_tokens, messages: told, tools });
    assert.equal(last.content[0].text, "Oslo has 4 degrees, Rome has 17.");
  });

  test(`${model}: counting`, async () => {
    const short = await client.messages.countTokens({ model, messages: hello });
    const long = await client.messages.countTokens({ model, messages: [{ role: "user", content: "hello ".repeat(1000) }], tools });
    assert.ok(short.input_tokens > 0);
    assert.ok(long.input_tokens > 500 && long.input_tokens > short.input_tokens);
  });
}

test("models, in the shape of this API", async () => {
  const listed = [];
  for await (const model of client.models.list()) listed.push(model);
  assert.ok(listed.some((model) => model.id === "claude-declared" && model.type === "model" && model.display_name));
  assert.equal((await client.models.retrieve("claude-declared")).id, "claude-declared");
});

test("errors are raised as the right classes", async () => {
  await assert.rejects(client.messages.create({ model: "nobody", max_tokens, messages: hello }), (error) => {
    assert.ok(error instanceof Anthropic.NotFoundError, `${error}`);
    assert.equal(error.error.type, "error");
    assert.equal(error.error.error.type, "not_found_error");
    return true;
  });
  await assert.rejects(client.messages.create({ model: models[0], messages: hello }), Anthropic.BadRequestError);
  const stranger = new Anthropic({ baseURL: process.env.GATEWAY, apiKey: "sk-wrong", maxRetries: 0 });
  await assert.rejects(stranger.messages.create({ model: models[0], max_tokens, messages: hello }), Anthropic.AuthenticationError);
});
