// Every page of a Trunkline that has seen some traffic, in every look: what axe finds, what is wider than the window, and
// pictures where somebody wants them.
import { LOOKS, PAGES } from '../pages.mjs'

/** Pages that are pictured, in both themes on a wide window. */
const WIDE = 1280

export async function visitPages({ url, enter, failures }) {
  for (const look of LOOKS) {
    const { page, context, signIn, settled, inspect, picture } = await enter(look)
    await signIn()
    for (const { name, path, ready } of PAGES) {
      const label = `${name}-${look.theme}-${look.width}`
      try {
        await page.goto(`${url}/ui${path}`)
        await page.locator(ready).first().waitFor()
        await settled()
        await inspect(label)
        if (look.width === WIDE) await picture(`${name}-${look.theme}`)
      } catch (error) {
        failures.push(`${label}: ${error.message.split('\n')[0]}`)
      }
    }
    await context.close()
  }
}
