/** Every page, and what is in it only when it has loaded. */
export const PAGES = [
  { name: 'overview', path: '/', ready: 'canvas' },
  { name: 'requests', path: '/requests', ready: 'table tbody tr' },
  { name: 'usage', path: '/usage', ready: 'canvas' },
  { name: 'providers', path: '/providers', ready: 'table tbody tr' },
  { name: 'provider', path: '/providers/groq', ready: 'text=Models that it lists' },
  { name: 'provider-new', path: '/providers/new?type=vllm', ready: 'text=Base URL' },
  { name: 'models', path: '/models', ready: 'table tbody tr' },
  { name: 'prices', path: '/models?tab=prices', ready: 'table tbody tr' },
  { name: 'model', path: '/models/turbo', ready: 'text=Asked first' },
  { name: 'model-new', path: '/models/new', ready: 'text=Routing' },
  { name: 'playground', path: '/playground?model=turbo', ready: 'text=Nothing was said yet' },
  { name: 'keys', path: '/keys', ready: 'table tbody tr' },
  { name: 'patterns', path: '/patterns', ready: 'table tbody tr' },
  { name: 'pattern', path: '/patterns/execute', ready: 'text=What it means' },
  { name: 'config', path: '/config', ready: '.cm-line' },
  { name: 'revisions', path: '/config?tab=revisions', ready: 'table tbody tr' },
  { name: 'import', path: '/config?tab=import', ready: 'text=See what would happen' },
  { name: 'discovery', path: '/discovery', ready: 'table tbody tr' },
  { name: 'settings', path: '/settings', ready: 'text=server.listen' },
  { name: 'secrets', path: '/settings?tab=secrets', ready: 'table tbody tr' },
  { name: 'sessions', path: '/settings?tab=sessions', ready: 'table tbody tr' },
  { name: 'missing', path: '/nowhere', ready: 'text=There is nothing at this address' },
]

export const LOOKS = [
  { theme: 'light', width: 1280 },
  { theme: 'dark', width: 1280 },
  { theme: 'light', width: 380, height: 780 },
  { theme: 'dark', width: 380, height: 780 },
]
