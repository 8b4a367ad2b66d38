// How long it takes from typing the address until the overview can be used: its figures and charts are drawn, and the main
// thread is free. With nothing in the browser's cache, and again with everything.
const TIMES = 5

/** The charts are drawn, the figures are there, and a click would be heard at once. */
const ready = () => document.querySelectorAll('canvas').length > 0 && !document.querySelector('[aria-label^="Loading"]')

async function once(page, url) {
  await page.goto(`${url}/ui/`, { waitUntil: 'commit' })
  await page.waitForFunction(ready, undefined, { polling: 'raf' })
  return page.evaluate(() => new Promise((done) => requestIdleCallback(() => done(performance.now()))))
}

export async function race({ url, enter, worst_ms: worst, failures }) {
  const times = { cold: [], warm: [] }
  for (let turn = 0; turn < TIMES; turn += 1) {
    const { page, context, signIn } = await enter()
    await signIn()
    times.cold.push(await once(page, url))
    times.warm.push(await once(page, url))
    await context.close()
  }
  for (const [kind, measured] of Object.entries(times)) {
    measured.sort((a, b) => a - b)
    const median = measured[Math.floor(TIMES / 2)]
    console.log(`overview, ${kind} cache: median ${Math.round(median)} ms, worst ${Math.round(measured.at(-1))} ms of ${TIMES}`)
    if (worst && median > worst) failures.push(`the overview took ${Math.round(median)} ms, ${kind}`)
  }
}
