import { defineConfig } from '@playwright/test'
import { browserArguments, browserPath } from './server/setup/browser.mjs'

/** VMs of their own are backed up, restored and cloned. */
const protection = 'protection/*.e2e.ts'
/** Confirms no dialog that it opens, though Migrate… has the VM measured. */
const accessibility = 'accessibility.e2e.ts'

/** Run through `npm test -- --only e2e [pattern]`, which brings up the console that these tests visit. */
export default defineConfig({
  testDir: 'e2e',
  workers: 2,
  // All visit one console: of those that change the same VMs one runs at a time.
  projects: [
    { name: 'use', testMatch: '*.e2e.ts', testIgnore: [protection, accessibility], workers: 1 },
    { name: 'protection', testMatch: protection, workers: 1 },
    { name: 'accessibility', testMatch: accessibility, fullyParallel: true },
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
