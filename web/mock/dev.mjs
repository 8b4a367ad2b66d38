// `npm run dev`: Vite, and the mock behind it unless VITE_TRUNKLINE names a real Trunkline.
import { createServer } from 'vite'
import { start } from './server.mjs'

const MOCK_PORT = 8799

if (!process.env.VITE_TRUNKLINE) await start({ port: MOCK_PORT, empty: process.env.MOCK_EMPTY === '1' })
const server = await createServer()
await server.listen()
server.printUrls()
