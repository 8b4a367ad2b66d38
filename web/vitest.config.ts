import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  test: {
    include: ['src/**/*.test.ts'],
    // Another zone than UTC, and one whose clocks change: days are the viewer's.
    env: { TZ: 'Europe/Lisbon' },
  },
})
