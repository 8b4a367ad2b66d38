// Journeys of the people who run a Trunkline. Each begins with a mock of its own.
import { strict as assert } from 'node:assert'
import { button, text } from './browser.mjs'

export const JOURNEYS = {
  'sign-in': {
    async run({ page, url, expectRefusal, shoot, inspect }) {
      expectRefusal()
      await page.goto(`${url}/ui/providers`)
      await page.getByLabel('Password').fill('wrong')
      await button(page, 'Sign in').click()
      await text(page, 'That is not the password.')
      await shoot('wrong')
      await inspect('sign-in')
      await page.getByLabel('Password').fill('trunkline')
      await page.keyboard.press('Enter')
      // One lands where one wanted to go.
      await page.getByRole('heading', { name: 'Providers' }).waitFor()
      await page.getByRole('button', { name: 'admin admin' }).click()
      await page.getByRole('menuitem', { name: 'Sign out' }).click()
      await page.getByRole('heading', { name: 'Sign in to Trunkline' }).waitFor()
    },
  },

  'expired-session': {
    async run({ page, url, signIn, expectRefusal, shoot, context }) {
      await signIn()
      await page.goto(`${url}/ui/providers/gpu`)
      await page.getByLabel('Base URL').fill('http://10.0.4.99:8000/v1')
      expectRefusal()
      await context.request.post(`${url}/mock/expire`)
      await button(page, 'Save').click()
      await page.getByRole('heading', { name: 'Your session has ended' }).waitFor()
      await shoot('over-the-page')
      await page.getByLabel('Password').fill('trunkline')
      await button(page, 'Sign in').click()
      await page.getByRole('heading', { name: 'Your session has ended' }).waitFor({ state: 'detached' })
      assert.equal(await page.getByLabel('Base URL').inputValue(), 'http://10.0.4.99:8000/v1', 'what was typed is still there')
      await button(page, 'Save').click()
      await text(page, 'Provider gpu is saved.')
    },
  },

  viewer: {
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn('viewer')
      await page.goto(`${url}/ui/providers/groq`)
      const save = button(page, 'Save')
      await save.waitFor()
      assert.equal(await save.getAttribute('aria-disabled'), 'true')
      assert.match(await save.getAttribute('title'), /viewer/)
      assert.equal(await page.getByLabel('Base URL').getAttribute('readonly'), '')
      await inspect('provider')
      await page.goto(`${url}/ui/settings`)
      await text(page, 'environment.GROQ_API_KEY_1')
      assert.equal(await page.getByRole('button', { name: 'Reveal environment.GROQ_API_KEY_1' }).getAttribute('aria-disabled'), 'true')
      await shoot('settings')
    },
  },

  'read-only': {
    mounted: true,
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/models/turbo`)
      await text(page, 'The configuration cannot be changed here: its file is on a read-only mount.')
      assert.equal(await button(page, 'Save').getAttribute('aria-disabled'), 'true')
      await shoot('model')
      await inspect('model')
      await page.goto(`${url}/ui/config`)
      await text(page, 'its file is on a read-only mount')
      // Keys that are made at run time are no part of the document.
      await page.goto(`${url}/ui/keys`)
      await button(page, 'Make a key').waitFor()
      assert.equal(await button(page, 'Make a key').getAttribute('aria-disabled'), null)
    },
  },

  'first-run': {
    empty: true,
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/`)
      await page.getByRole('heading', { name: 'Welcome to Trunkline' }).waitFor()
      await shoot('begin')
      await inspect('begin')
      await button(page, 'Groq').click()
      await page.locator('input[type=password]').fill('gsk_abc')
      await button(page, 'Test and add').click()
      await text(page, 'It works, and lists 7 models.')
      await button(page, 'Ask').click()
      await text(page, 'Light runs')
      await text(page, 'Served by')
      await page.getByRole('link', { name: 'Give the model a name of your own' }).waitFor()
      await shoot('answer')
      await inspect('answer')
    },
  },

  provider: {
    async run({ page, url, signIn, expectRefusal, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/providers`)
      await page.getByRole('link', { name: 'Add provider' }).click()
      await button(page, 'vLLM').click()
      await page.getByLabel('Base URL').fill('10.0.4.20:8000')
      expectRefusal()
      await button(page, 'Add provider').click()
      await text(page, '"10.0.4.20:8000" is not a URL: begin it with http:// or https://')
      assert.equal(await page.getByLabel('Base URL').getAttribute('aria-invalid'), 'true')
      await shoot('wrong')
      await inspect('wrong')
      await page.getByLabel('Base URL').fill('http://10.0.4.20:9999/v1')
      await button(page, 'Test').click()
      await text(page, 'It does not work yet')
      await page.getByLabel('Base URL').fill('http://10.0.4.20:8000/v1')
      await button(page, 'Test').click()
      await text(page, 'It works, and lists 7 models.')
      await shoot('tested')
      await button(page, 'Add provider').click()
      await page.getByRole('heading', { name: 'vllm', level: 1 }).waitFor()
      await text(page, 'Models that it lists')
    },
  },

  model: {
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/models/turbo`)
      const handle = page.getByRole('button', { name: /^Move groq/ })
      await handle.focus()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      const second = page.getByRole('region', { name: 'Tier 2' })
      await second.getByRole('button', { name: /^Move groq/ }).waitFor()
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-handle')), 'groq/llama-3.3-70b-versatile', 'the focus follows the target')
      await page.getByRole('button', { name: /^Move groq/ }).dragTo(page.getByRole('button', { name: /^Move gpu/ }))
      await page.getByRole('region', { name: 'Tier 1' }).getByRole('button', { name: /^Move groq/ }).waitFor()
      await page.getByRole('button', { name: 'More settings of groq llama-3.3-70b-versatile' }).click()
      await page.getByLabel('Cooldown').fill('10s')
      await shoot('targets')
      await inspect('targets')
      await button(page, 'Save').click()
      await text(page, 'Model turbo is saved.')
    },
  },

  'two-editors': {
    async run({ page, url, signIn, context, expectRefusal, shoot }) {
      await signIn()
      await page.goto(`${url}/ui/models/claude`)
      const window = page.getByLabel('Context window')
      await window.fill('200000')
      const { csrf } = await (await context.request.get(`${url}/api/v1/session`)).json()
      const headers = { 'x-csrf-token': csrf, 'if-match': '"7"' }
      assert.ok((await context.request.patch(`${url}/api/v1/models/coder`, { headers, data: { context_window: 1000 } })).ok())
      expectRefusal()
      await button(page, 'Save').click()
      await page.getByRole('heading', { name: 'Somebody else was faster' }).waitFor()
      await shoot('conflict')
      await button(page, 'Save mine on top').click()
      await text(page, 'Model claude is saved.')
    },
  },

  playground: {
    async run({ page, url, signIn, shoot, inspect, expectRefusal }) {
      await signIn()
      await page.goto(`${url}/ui/playground?model=turbo`)
      await button(page, 'Compare').click()
      await page.getByRole('combobox', { name: 'Second model' }).fill('claude')
      await page.keyboard.press('Escape')
      await button(page, 'Put in a sample').click()
      await page.getByLabel('Message').fill('What is a trunk line?')
      await page.keyboard.press('Enter')
      await text(page, 'get_weather(')
      await page.getByText('First token').nth(1).waitFor()
      await text(page, '2 attempts')
      await shoot('side-by-side')
      await inspect('side by side')
      await button(page, 'Close the second model').click()
      await button(page, 'Clear').click()
      await button(page, 'Copy as…').click()
      for (const language of ['Python', 'Node', 'curl']) await button(page, language).click()
      await text(page, 'curl ')
      await shoot('copy-as')
      await button(page, 'Close').click()
      for (const dialect of ['openai_chat', 'openai_responses', 'anthropic', 'gemini', 'ollama', 'openai_completions']) {
        await page.getByLabel('Client’s dialect').selectOption(dialect)
        await page.getByLabel('Message').fill(`Hello in ${dialect}`)
        await button(page, 'Send').click()
        await page.getByRole('region', { name: 'Model' }).getByText('Light runs').first().waitFor()
        await text(page, 'Took')
        assert.match(await page.getByRole('region', { name: 'Model' }).innerText(), /412 in/, `${dialect} tells tokens`)
        await button(page, 'Clear').click()
      }
      await page.getByLabel('Client’s dialect').selectOption('anthropic')
      const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
      await page.locator('input[type=file]').setInputFiles({ name: 'pixel.png', mimeType: 'image/png', buffer: Buffer.from(pixel, 'base64') })
      await page.getByRole('img', { name: 'Attached picture 1' }).waitFor()
      await page.getByLabel('Message').fill('What is this?')
      const asked = page.waitForRequest((request) => request.url().endsWith('/v1/messages'))
      await button(page, 'Send').click()
      assert.equal((await asked).postDataJSON().messages[0].content[0].source.data, pixel)
      await text(page, 'Took')
      expectRefusal()
      await page.getByRole('combobox', { name: 'Model' }).fill('broken')
      await page.keyboard.press('Escape')
      await page.getByLabel('Message').fill('Hello')
      await button(page, 'Send').click()
      await text(page, 'connection refused')
    },
  },

  request: {
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/requests?outcome=rate_limited`)
      await page.locator('tbody a').first().click()
      await text(page, 'Attempts')
      await button(page, 'Explain').click()
      await text(page, 'tokens in')
      await shoot('timeline')
      await inspect('timeline')
      await page.goto(`${url}/ui/requests`)
      const rows = page.locator('tbody tr')
      await rows.first().waitFor()
      const first = await rows.first().locator('a').getAttribute('href')
      await page.waitForFunction((before) => document.querySelector('tbody a')?.getAttribute('href') !== before, first)
    },
  },

  config: {
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/config`)
      const editor = page.getByRole('textbox', { name: 'The configuration document, TOML' })
      await editor.click()
      await page.keyboard.press('Control+End')
      await page.keyboard.type('\n[log]\nlevle = "debug"\n')
      await text(page, 'Unknown key "levle"')
      await shoot('broken')
      await inspect('broken')
      await page.keyboard.press('Control+z')
      await page.keyboard.press('Control+a')
      await page.keyboard.press('Control+End')
      await button(page, 'Discard').click()
      await editor.click()
      await page.keyboard.press('Control+End')
      await page.keyboard.insertText('\n[log]\n')
      await page.keyboard.type('lev')
      await page.getByRole('option', { name: /level/ }).waitFor()
      await shoot('completion')
      await page.keyboard.press('Enter')
      await page.keyboard.type('"debug"')
      await text(page, 'Nothing is wrong with it.')
      await button(page, 'Review changes').click()
      await text(page, '+[log]')
      await page.getByLabel('Why').fill('to see more')
      await shoot('review')
      await inspect('review')
      await button(page, 'Apply').click()
      await text(page, 'The new configuration is in use.')
      await page.getByRole('tab', { name: 'Revisions' }).click()
      await text(page, 'to see more')
      await button(page, 'Show revision 7').click()
      await button(page, 'Go back to it').click()
      await text(page, 'The document is again what it was in revision 7.')
      await page.getByRole('tab', { name: 'Document' }).click()
      await editor.waitFor()
      assert.doesNotMatch(await editor.innerText(), /debug/)
    },
  },

  import: {
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/config?tab=import`)
      await page.getByLabel('From').selectOption('model-proxy')
      await page.getByLabel('Files').setInputFiles({ name: 'bundle.json', mimeType: 'application/json', buffer: Buffer.from('{"version":1}') })
      await button(page, 'See what would happen').click()
      await text(page, '2 of them need you.')
      await shoot('dry-run')
      await inspect('dry run')
      await button(page, 'Import').click()
      await text(page, 'The import is in use.')
    },
  },

  keys: {
    async run({ page, url, signIn, shoot, inspect, expectRefusal }) {
      await signIn()
      await page.goto(`${url}/ui/keys`)
      await button(page, 'Make a key').click()
      await page.getByRole('dialog').getByLabel('Name').fill('ci')
      await button(page, 'Add a budget').click()
      await page.getByLabel('Budget 1, USD').fill('10')
      expectRefusal()
      await button(page, 'Make the key').click()
      await text(page, 'Another client key is called "ci"')
      await shoot('taken')
      await inspect('dialog')
      await page.getByRole('dialog').getByLabel('Name').fill('app')
      await button(page, 'Make the key').click()
      await text(page, 'sk-tl-')
      await shoot('shown-once')
      await inspect('shown once')
      await button(page, 'I have it').click()
      await page.getByRole('cell', { name: /app/ }).first().waitFor()
    },
  },

  patterns: {
    async run({ page, url, signIn, shoot }) {
      await signIn()
      await page.goto(`${url}/ui/patterns/execute`)
      await button(page, 'Try').click()
      await text(page, '1 call found')
      await shoot('tried')
      await page.getByLabel('Expression').fill('(')
      await button(page, 'Try').click()
      await text(page, 'The expression does not compile')
    },
  },

  keyboard: {
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/`)
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the page')
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Page, provider or model' }).fill('gpu-old')
      await shoot('palette')
      await inspect('palette')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'gpu-old' }).waitFor()
    },
  },

  phone: {
    look: { theme: 'dark', width: 380, height: 780 },
    async run({ page, url, signIn, shoot, inspect }) {
      await signIn()
      await page.goto(`${url}/ui/`)
      await button(page, 'Open the menu').click()
      await shoot('menu')
      await inspect('menu')
      await page.getByRole('link', { name: 'Playground' }).click()
      await page.getByRole('heading', { name: 'Playground' }).waitFor()
    },
  },
}
