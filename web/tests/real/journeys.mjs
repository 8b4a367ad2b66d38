// What people do with a Trunkline of their own. `url` is the gateway's, `upstream` that of a mock of every vendor which
// somebody else wrote: it lists models, and answers "hello".
import { strict as assert } from 'node:assert'
import { button, text } from '../browser.mjs'

const ANSWER = 'Hi there from the mock!'

async function signInByForm(page, password) {
  await page.getByLabel('Password').fill(password)
  await button(page, 'Sign in').click()
}

const editor = (page) => page.getByRole('textbox', { name: 'The configuration document, TOML' })

const nameField = (page) => page.getByRole('textbox', { name: 'Name (required)' })

/** Writes at the end of the document. */
async function append(page, lines) {
  await editor(page).click()
  await page.keyboard.press('Control+End')
  await page.keyboard.insertText(lines)
}

export const JOURNEYS = {
  async 'sign-in'({ page, url, password, expectRefusal, inspect }) {
    expectRefusal()
    await page.goto(`${url}/`)
    await signInByForm(page, 'not the password')
    await text(page, 'That is not the password.')
    await inspect('wrong')
    await page.goto(`${url}/ui/keys`)
    await signInByForm(page, password)
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    await page.getByRole('button', { name: /admin/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Trunkline' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in to Trunkline' }).waitFor()
  },

  async 'expired-session'({ page, url, password, token, signIn, context, expectRefusal }) {
    await signIn()
    await page.goto(`${url}/ui/keys`)
    await button(page, 'Make a key').first().click()
    const dialog = page.getByRole('dialog', { name: /Make a/ })
    await dialog.getByLabel('Name').fill('laptop')
    expectRefusal()
    const headers = { authorization: `Bearer ${token}`, origin: url }
    const { items } = await (await context.request.get(`${url}/api/v1/sessions`, { headers })).json()
    for (const { id } of items) assert.ok((await context.request.delete(`${url}/api/v1/sessions/${id}`, { headers })).ok())
    await button(page, 'Make the key').click()
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor()
    await signInByForm(page, password)
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor({ state: 'detached' })
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'laptop', 'what was typed is still there')
    await button(page, 'Make the key').click()
    await text(page, 'sk-')
  },

  async viewer({ page, url, viewer, signIn, context, inspect }) {
    await signIn(viewer)
    await page.goto(`${url}/ui/providers/up`)
    const save = button(page, 'Save')
    await save.waitFor()
    assert.equal(await save.getAttribute('aria-disabled'), 'true')
    assert.match(await save.getAttribute('title'), /viewer/)
    await inspect('provider')
    await page.goto(`${url}/ui/settings`)
    const reveal = page.getByRole('button', { name: /^Reveal/ }).first()
    await reveal.waitFor()
    assert.equal(await reveal.getAttribute('aria-disabled'), 'true')
    // What the page does not offer the server refuses, too.
    const { csrf } = await (await context.request.get(`${url}/api/v1/session`)).json()
    const headers = { 'x-csrf-token': csrf, origin: url }
    const refused = await context.request.post(`${url}/api/v1/client-keys`, { headers, data: { name: 'mine' } })
    assert.equal(refused.status(), 403)
  },

  /** From a process that nobody has told anything to an answer. */
  async 'first-run'({ page, url, upstream, password, expectRefusal, inspect, picture }) {
    expectRefusal()
    await page.goto(`${url}/`)
    await signInByForm(page, password)
    const begun = Date.now()
    await page.getByRole('heading', { name: 'Welcome to Trunkline' }).waitFor()
    await inspect('begin')
    await page.getByRole('button', { name: /^OpenAI/ }).click()
    await page.locator('input[type=password]').fill('sk-canary-first')
    await page.getByLabel('Base URL').fill(upstream)
    await button(page, 'Test and add').click()
    await text(page, /It works, and lists \d+ models/)
    await picture('welcome')
    await button(page, 'Ask').click()
    await text(page, ANSWER)
    await text(page, 'Served by')
    assert.ok(Date.now() - begun < 60_000, 'in under a minute')
    await inspect('answer')
    await page.getByRole('link', { name: 'Give the model a name of your own' }).click()
    await button(page, 'Add model').click()
    await page.getByRole('link', { name: 'Try it' }).waitFor()
  },

  /** A provider, a model with a price and a pattern; a question; and what became of it. */
  async things({ page, url, upstream, signIn, expectRefusal, inspect }) {
    await signIn()
    await page.goto(`${url}/ui/providers`)
    await page.getByRole('link', { name: 'Add provider' }).first().click()
    await page.getByRole('button', { name: /^OpenAI/ }).click()
    await nameField(page).fill('mock')
    await page.getByLabel('Base URL').fill('127.0.0.1:1')
    expectRefusal()
    await button(page, 'Add provider').click()
    await page.locator('[aria-invalid=true]').first().waitFor()
    await inspect('wrong')
    await page.getByLabel('Base URL').fill('http://127.0.0.1:1')
    await button(page, 'Test').click()
    await text(page, '`openai` needs a key')
    await page.getByLabel('Key', { exact: true }).fill('sk-canary-typed')
    await button(page, 'Test').click()
    await text(page, 'It does not work yet')
    await page.getByLabel('Base URL').fill(upstream)
    await button(page, 'Test').click()
    await text(page, /It works, and lists \d+ models/)
    await button(page, 'Add provider').click()
    await page.getByRole('heading', { name: 'mock', level: 1 }).waitFor()
    await text(page, 'Models that it lists')

    await page.goto(`${url}/ui/models/new`)
    await nameField(page).fill('chatty')
    await page.getByRole('combobox', { name: 'Provider' }).selectOption('mock')
    await page.getByRole('combobox', { name: 'Upstream model' }).click()
    await page.getByRole('option', { name: /gpt-4o/ }).click()
    await page.locator('summary', { hasText: 'Price' }).click()
    await page.getByLabel('Input', { exact: true }).fill('1000')
    await page.getByLabel('Output', { exact: true }).fill('2000')
    await button(page, 'Add model').click()
    await page.getByRole('link', { name: 'Try it' }).waitFor()

    await page.goto(`${url}/ui/patterns/new`)
    await nameField(page).fill('angle')
    await page.getByLabel('Expression').fill('<<(\\w+) (\\{.*?\\})>>')
    await page.getByLabel('Tool name group').fill('1')
    await page.getByLabel('What a model wrote').fill('I look. <<weather {"city": "Oslo"}>>')
    await button(page, 'Try').click()
    await text(page, '1 call found')
    await button(page, 'Add pattern').click()
    await page.getByRole('cell', { name: /angle/ }).first().waitFor()

    await page.goto(`${url}/ui/playground?model=chatty`)
    await page.getByLabel('Message').fill('hello')
    await button(page, 'Send').click()
    await text(page, ANSWER)
    await text(page, '11 in, 5 out')
    // 11 and 5 tokens at 1000 and 2000 dollars for a million.
    await text(page, '$0.021')
    await page.getByRole('link', { name: 'Request', exact: true }).click()
    await page.getByRole('heading', { name: 'chatty' }).waitFor()
    await text(page, '$0.021')
    await text(page, 'mock, as gpt-4o')
    await inspect('request')
    await page.goto(`${url}/ui/requests`)
    await page.getByRole('row', { name: /chatty/ }).first().waitFor()
  },

  /** Everybody's dialect, in the playground. */
  async dialects({ page, url, signIn, expectRefusal }) {
    await signIn()
    // The record of an answer may be asked for before it is written.
    expectRefusal()
    await page.goto(`${url}/ui/playground?model=alias`)
    for (const dialect of ['openai_chat', 'openai_responses', 'anthropic', 'gemini', 'ollama', 'openai_completions']) {
      await page.getByLabel('Client’s dialect').selectOption(dialect)
      await page.getByLabel('Message').fill('hello')
      await button(page, 'Send').click()
      await text(page, ANSWER)
      await text(page, 'Took')
      await button(page, 'Clear').click()
    }
  },

  /** A key is asked for: the playground makes itself one. */
  async key({ page, url, signIn, expectRefusal }) {
    await signIn()
    await page.goto(`${url}/ui/playground?model=alias`)
    await page.getByLabel('Message').fill('hello')
    expectRefusal()
    await button(page, 'Send').click()
    await text(page, 'This Trunkline asks callers for a key')
    await page.getByRole('alert').getByRole('button', { name: 'Make one for a day' }).click()
    await text(page, 'is good for a day')
    await page.getByLabel('Message').fill('hello')
    await button(page, 'Send').click()
    await text(page, ANSWER)
  },

  async config({ page, url, signIn, inspect }) {
    await signIn()
    await page.goto(`${url}/ui/config`)
    await append(page, '\n[log]\nlevle = "debug"\n')
    await text(page, /1 problem: it cannot be saved like this/)
    await text(page, /levle/)
    await inspect('broken')
    await button(page, 'Discard').click()
    await append(page, '\n[log]\nlevel = "debug"\n')
    await text(page, 'Nothing is wrong with it.')
    await button(page, 'Review changes').click()
    await text(page, '+[log]')
    await page.getByLabel('Why').fill('to see more')
    await inspect('review')
    await button(page, 'Apply').click()
    await text(page, 'The new configuration is in use.')
    await page.getByRole('tab', { name: 'Revisions' }).click()
    await text(page, 'to see more')
    await button(page, 'Show revision 1').click()
    await button(page, 'Go back to it').click()
    await text(page, 'The document is again what it was in revision 1.')
    await page.getByRole('tab', { name: 'Document' }).click()
    await text(page, 'As saved.')
    assert.doesNotMatch(await editor(page).innerText(), /debug/)
  },

  async import({ page, url, bundle, signIn, expectRefusal, inspect }) {
    await signIn()
    expectRefusal()
    await page.goto(`${url}/ui/config?tab=import`)
    await page.getByLabel('From').selectOption('model-proxy')
    await page.getByLabel('Files').setInputFiles({ name: 'bundle.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(bundle)) })
    await button(page, 'See what would happen').click()
    await text(page, 'What would happen')
    await text(page, /\d+ of them need you/)
    await inspect('dry run')
    await page.goto(`${url}/ui/models/turbo`)
    await text(page, 'There is no model "turbo"')
    await page.goto(`${url}/ui/config?tab=import`)
    await page.getByLabel('From').selectOption('model-proxy')
    await page.getByLabel('Files').setInputFiles({ name: 'bundle.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(bundle)) })
    await button(page, 'See what would happen').click()
    await button(page, 'Import').click()
    await text(page, 'The import is in use.')
    await page.goto(`${url}/ui/models/turbo`)
    await text(page, 'Asked first')
  },
}
