// A browser that notices what a person might not: errors on the console, requests to other places, findings of axe,
// pages wider than the window.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const SHOTS = fileURLToPath(new URL('../screenshots', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PICTURE_QUALITY = 72
/** Findings below these are style. */
const GRAVE = ['serious', 'critical']

export const launch = () => chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })

/** Until these words are there. */
export const text = (page, words) => page.getByText(words).first().waitFor()
export const button = (page, name) => page.getByRole('button', { name, exact: true })

/** A window on `origin`; `failures` collects what must not be. */
export async function open(browser, origin, { theme = 'light', width = 1280, height = 860 } = {}, failures = []) {
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height }, locale: 'en-GB', timezoneId: 'Europe/Lisbon', reducedMotion: 'reduce' })
  const page = await context.newPage()
  let refused = false
  // A refused call is the point of some journeys; the browser tells of it on the console all the same.
  const expectRefusal = () => (refused = true)
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    if (refused && /Failed to load resource/.test(message.text())) return
    failures.push(`${page.url()}: console: ${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => failures.push(`${page.url()}: ${error.message}`))
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(origin)) failures.push(`${page.url()}: asked ${request.url()}`)
  })
  return { context, page, expectRefusal }
}

/** Signs in without the form: for journeys that are about something else. */
export async function signIn(context, origin, password = 'trunkline') {
  const answer = await context.request.post(`${origin}/api/v1/session`, { data: { password } })
  if (!answer.ok()) throw new Error(`signing in was answered ${answer.status()}`)
}

/** Until the page has what it asked for. */
export async function settled(page) {
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('[aria-label^="Loading"]'))
  await page.evaluate(() => document.fonts.ready)
  // Charts size themselves in a frame of their own.
  await page.waitForTimeout(250)
}

/** What the window shows, small: WebP, as only the browser's own protocol makes it. */
export async function picture(page, path) {
  mkdirSync(dirname(path), { recursive: true })
  const protocol = await page.context().newCDPSession(page)
  const { data } = await protocol.send('Page.captureScreenshot', { format: 'webp', quality: PICTURE_QUALITY })
  await protocol.detach()
  writeFileSync(path, Buffer.from(data, 'base64'))
}

export async function shoot(page, name, { full = true } = {}) {
  mkdirSync(SHOTS, { recursive: true })
  const window = page.viewportSize()
  // As tall as the page: what sticks to the window's edges would stand in the middle of a long picture otherwise.
  if (full) await page.setViewportSize({ ...window, height: Math.max(window.height, await page.evaluate(() => document.documentElement.scrollHeight)) })
  await page.screenshot({ path: `${SHOTS}/${name}.png` })
  if (full) await page.setViewportSize(window)
}

/** What axe finds, and whether the page is wider than its window. */
export async function inspect(page, name, failures) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  if (wide > 0) failures.push(`${name}: ${wide} px wider than the window`)
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  for (const violation of violations.filter(({ impact }) => GRAVE.includes(impact))) {
    for (const node of violation.nodes.slice(0, 3)) failures.push(`${name}: axe ${violation.id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`)
  }
}
