'use client'

import './globals.css'
import { useEffect } from 'react'

/** When even the frame of the page failed. Uses nothing that could be what failed. */
export default function GlobalError({ error }: { error: Error & { digest?: string } }) {
  useEffect(() => {
    document.title = 'Something went wrong · Skerry'
  }, [])
  return (
    <html lang="en">
      <body>
        <main className="flex min-h-dvh flex-col items-center justify-center gap-2 px-6 text-center">
          <h1 className="text-lg font-semibold text-ink">Something went wrong inside Skerry</h1>
          <p className="text-sm text-ink-muted">Nothing was changed by this page failing. Load it again.</p>
          {error.digest && <p className="font-mono text-xs text-ink-muted">{error.digest}</p>}
          <button
            type="button"
            onClick={() => window.location.reload()}
            className="mt-2 h-8 rounded-md bg-primary px-3 text-sm font-medium text-primary-ink"
          >
            Load again
          </button>
        </main>
      </body>
    </html>
  )
}
