// Every page of a Trunkline that has seen some traffic: what axe finds, what is wider than the window, and pictures where
// somebody wants them.
import { LOOKS, PAGES } from '../pages.mjs'

/** What is there although nothing is looked for. */
const READY = { discovery: 'text=Ports of this machine' }

const WIDE = 1280
/** The mock is seen in all looks; here it is about what the real one says, which both widths and both themes see once. */
const SEEN = LOOKS.filter(({ theme, width }) => (width === WIDE) === (theme === 'light'))
/** Pictures are wide, in both themes. */
const PICTURED = LOOKS.filter(({ width }) => width === WIDE)

export async function visitPages({ url, enter, pictures, failures }) {
  for (const look of pictures ? PICTURED : SEEN) {
    const { page, context, signIn, settled, inspect, picture } = await enter(look)
    await signIn()
    for (const { name, path, ready } of PAGES) {
      const label = `${name}-${look.theme}-${look.width}`
      try {
        await page.goto(`${url}/ui${path}`)
        await page.locator(READY[name] ?? ready).first().waitFor()
        await settled()
        await inspect(label)
        await picture(`${name}-${look.theme}`)
      } catch (error) {
        failures.push(`${label}: ${error.message.split('\n')[0]}`)
      }
    }
    await context.close()
  }
}
