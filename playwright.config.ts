import { defineConfig } from '@playwright/test'
import { browserArguments, browserPath } from './server/setup/browser.mjs'

/** Run through `npm test -- --only e2e [pattern]`, which brings up the console that these tests visit. */
export default defineConfig({
  testDir: 'e2e',
  testMatch: '*.e2e.ts',
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 10_000 },
  use: {
    baseURL: process.env.SKERRY_URL,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: browserPath(), args: browserArguments },
  },
})
