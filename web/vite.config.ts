import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `npm run dev` talks to the mock unless VITE_TRUNKLINE names a real Trunkline, such as http://127.0.0.1:8700.
const trunkline = process.env.VITE_TRUNKLINE ?? 'http://127.0.0.1:8799'

export default defineConfig({
  base: '/ui/',
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: 'dist/ui',
    target: 'es2022',
    // `light-dark()` is kept as it is: whoever has it follows the theme without script.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Nothing may be written into the page itself: the content policy allows no inline data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/v1', '/v1beta', '/health'].map((path) => [path, { target: trunkline, changeOrigin: true }]),
    ),
  },
})
