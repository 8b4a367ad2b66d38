// What a browser loads before the first page shows, gzipped: index.html and everything that it and its entry import
// without waiting, plus the page itself. Fails beyond the limit.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const LIMIT_BYTES = 400 * 1000
const DIST = fileURLToPath(new URL('../dist/ui', import.meta.url))
const FIRST_PAGES = ['overview', 'welcome']

const size = (path) => gzipSync(readFileSync(join(DIST, path)), { level: 9 }).length
const assets = readdirSync(join(DIST, 'assets')).filter((name) => !/\.(br|gz)$/.test(name)).map((name) => `assets/${name}`)
const index = readFileSync(join(DIST, 'index.html'), 'utf8')

/** A file, and what it imports as it is loaded. Styles that a page names come with it. */
function closure(path, seen = new Set()) {
  if (seen.has(path)) return seen
  seen.add(path)
  if (!/\.(js|css)$/.test(path)) return seen
  const text = readFileSync(join(DIST, path), 'utf8')
  for (const [, name] of text.matchAll(/url\(\/ui\/([^)]+)\)/g)) closure(name, seen)
  for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+)["']/g)) closure(`assets/${name}`, seen)
  return seen
}

const linked = [...index.matchAll(/(?:src|href)="\/ui\/([^"]+)"/g)].map((match) => match[1])
let failed = false
for (const page of FIRST_PAGES) {
  const files = new Set(['index.html', ...linked.flatMap((path) => [...closure(path)])])
  for (const path of assets.filter((path) => path.startsWith(`assets/${page}-`))) for (const file of closure(path)) files.add(file)
  // The overview draws at once: its library counts.
  if (page === 'overview') for (const path of assets.filter((path) => /assets\/plot-/.test(path))) for (const file of closure(path)) files.add(file)
  const sizes = [...files].map((path) => [path, size(path)]).sort((a, b) => b[1] - a[1])
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0)
  console.log(`${page}: ${(total / 1000).toFixed(1)} KB gzipped of ${LIMIT_BYTES / 1000} KB`)
  for (const [path, bytes] of sizes) console.log(`  ${(bytes / 1000).toFixed(1).padStart(7)}  ${path}`)
  failed ||= total > LIMIT_BYTES
}
const all = assets.reduce((sum, path) => sum + size(path), 0)
console.log(`everything: ${(all / 1000).toFixed(1)} KB gzipped in ${assets.length} files`)
if (/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/.test(index)) {
  console.error('index.html holds inline script or style, which the content policy forbids')
  failed = true
}
process.exit(failed ? 1 : 0)
