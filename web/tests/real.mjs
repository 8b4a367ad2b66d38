// Journeys against a real Trunkline: `node tests/real.mjs NAME` with what it needs to know in the environment variable
// JOURNEY, as JSON. `e2e/test_ui.py` starts the servers and says the rest.
import { picture, inspect, launch, open, settled, shoot, signIn } from './browser.mjs'
import { JOURNEYS } from './real/journeys.mjs'
import { visitPages } from './real/pages.mjs'
import { race } from './real/race.mjs'

/** A debug build on a loaded machine. */
const PATIENCE_MS = 20_000
const ALL = { ...JOURNEYS, pages: visitPages, race }

const [, , name] = process.argv
const known = JSON.parse(process.env.JOURNEY ?? '{}')
const failures = []
const browser = await launch()

/** A window on the gateway that is under test, and what journeys do with it. */
async function enter(look) {
  const { context, page, expectRefusal } = await open(browser, known.url, look, failures)
  page.setDefaultTimeout(PATIENCE_MS)
  return {
    context,
    page,
    expectRefusal,
    signIn: (password = known.password) => signIn(context, known.url, password),
    inspect: (label) => inspect(page, `${name} ${label}`, failures),
    settled: () => settled(page),
    picture: (file) => (known.pictures ? picture(page, `${known.pictures}/${file}.webp`) : undefined),
  }
}

const window = await enter(known.look)
try {
  await ALL[name]({ ...known, ...window, enter, failures })
} catch (error) {
  failures.push(`${name}: ${error.message}`)
  await shoot(window.page, `real-${name}-failed`)
}
await browser.close()
for (const failure of failures) console.error(failure)
console.log(failures.length === 0 ? `${name}: passed` : `${name}: ${failures.length} failed`)
process.exit(failures.length === 0 ? 0 : 1)
