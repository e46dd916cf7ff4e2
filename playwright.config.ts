import { defineConfig } from '@playwright/test'
import { browserArguments, browserPath } from './server/setup/browser.mjs'

/** Confirms no dialog that it opens, though Migrate… has the VM measured: it runs beside the others. */
const besideOthers = 'accessibility.e2e.ts'

/** Run through `npm test -- --only e2e [pattern]`, which brings up the console that these tests visit. */
export default defineConfig({
  testDir: 'e2e',
  workers: 2,
  // All visit one console: of those that change something in it one runs at a time.
  projects: [
    { name: 'use', testMatch: '*.e2e.ts', testIgnore: besideOthers, workers: 1 },
    { name: 'accessibility', testMatch: besideOthers, fullyParallel: true },
  ],
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL: process.env.SKERRY_URL,
    // Recording takes a fifth of a run; a picture and the page's text are kept of each failure anyway.
    trace: process.env.SKERRY_TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: browserPath(), args: browserArguments },
  },
})
