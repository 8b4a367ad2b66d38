// `npm run build && npm run journeys`: every page in every look, then the journeys, in a real browser against the mock.
// `npm run journeys -- pages` or `-- NAME` runs a part. Screenshots land in screenshots/.
import { start } from '../mock/server.mjs'
import { inspect, launch, open, settled, shoot, signIn } from './browser.mjs'
import { JOURNEYS } from './flows.mjs'
import { LOOKS, PAGES } from './pages.mjs'

const wanted = process.argv[2]
const failures = []
const browser = await launch()
let passed = 0

async function visitPages(only) {
  const mock = await start()
  for (const look of LOOKS) {
    const { context, page } = await open(browser, mock.url, look, failures)
    await signIn(context, mock.url)
    for (const { name, path, ready } of PAGES.filter((page) => !only || page.name === only)) {
      const label = `${name}-${look.theme}-${look.width}`
      const before = failures.length
      try {
        await page.goto(`${mock.url}/ui${path}`)
        await page.locator(ready).first().waitFor({ timeout: 15_000 })
        await settled(page)
        await shoot(page, label)
        await inspect(page, label, failures)
      } catch (error) {
        failures.push(`${label}: ${error.message.split('\n')[0]}`)
        await shoot(page, `${label}-failed`)
      }
      if (failures.length === before) passed += 1
    }
    await context.close()
  }
  mock.stop()
}

async function travel(name, { empty, mounted, look, run }) {
  const mock = await start({ empty, mounted })
  const { context, page, expectRefusal } = await open(browser, mock.url, look, failures)
  const before = failures.length
  page.setDefaultTimeout(10_000)
  try {
    await run({ page, context, url: mock.url, expectRefusal, signIn: (password) => signIn(context, mock.url, password), shoot: (label) => shoot(page, `journey-${name}-${label}`, { full: false }), inspect: (label) => inspect(page, `${name} ${label}`, failures) })
  } catch (error) {
    failures.push(`${name}: ${error.message}`)
    await shoot(page, `journey-${name}-failed`)
  }
  if (failures.length === before) passed += 1
  await context.close()
  mock.stop()
}

if (!wanted || wanted === 'pages') await visitPages()
else if (PAGES.some(({ name }) => name === wanted)) await visitPages(wanted)
for (const [name, journey] of Object.entries(JOURNEYS)) if (!wanted || wanted === name || wanted === 'flows') await travel(name, journey)

await browser.close()
for (const failure of failures) console.error(failure)
console.log(`${passed} passed, ${failures.length} failed`)
process.exit(failures.length > 0 || passed === 0 ? 1 : 0)
