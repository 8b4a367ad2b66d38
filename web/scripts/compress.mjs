// Beside each built file that gets smaller by it: NAME.br and NAME.gz, which the binary serves as they are. Browsers take
// Brotli only over TLS and from this machine.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const DIST = fileURLToPath(new URL('../dist/ui', import.meta.url))
/** What is worth it: below that the head of the answer is most of it. */
const WORTH_BYTES = 400

const squeeze = {
  br: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
  gz: (bytes) => gzipSync(bytes, { level: 9 }),
}

for (const entry of readdirSync(DIST, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(html|js|css|svg)$/.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const plain = readFileSync(path)
  if (plain.length < WORTH_BYTES) continue
  for (const [suffix, press] of Object.entries(squeeze)) {
    const pressed = press(plain)
    if (pressed.length < plain.length * 0.9) writeFileSync(`${path}.${suffix}`, pressed)
  }
}
