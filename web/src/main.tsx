import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Router } from 'wouter'
import './index.css'
import { queryClient } from './api/queries'
import { SessionProvider } from './api/session'
import { App } from './shell/app'
import { applyTheme, chosenTheme } from './shell/theme'
import { Toasts } from './ui/toast'

applyTheme(chosenTheme())

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <SessionProvider>
        <Router base="/ui">
          <App />
        </Router>
        <Toasts />
      </SessionProvider>
    </QueryClientProvider>
  </StrictMode>,
)
