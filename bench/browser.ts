// 10,000 VMs on the fleet page of the built console in Chromium: how soon it can be used, how long a sort or a filter
// takes, and the longest frame while scrolling through all of it; the peer is a blank page's frames on this machine. Then
// the same while VMs change: the longest frame at rest, while scrolling, typing a filter and sorting.
import { chromium, type Page } from '@playwright/test'
import { openServices } from '#server/api/services.ts'
import { env } from '#server/env.ts'
import { browserArguments, browserPath } from '#server/setup/browser.mjs'
import { ensureBuild } from '#server/setup/build.mjs'
import { step } from '#server/setup/step.mjs'
import { createPerson } from '#server/testing/person.ts'
import { startThrowAwayPostgres } from '#server/testing/postgres-run.ts'
import { startWeb } from './browser/console.ts'
import { filter, open, scroll, sort, workMeter } from './browser/fleet-visit.ts'
import { type LivePhase, liveVisit } from './browser/live-visit.ts'
import { startChurn } from './fleet/churn.ts'
import { fleetDatabase } from './fleet/database.ts'
import { median, percentile, rounded } from './measure/percentile.ts'
import { say, sayMachine, sayResult, sayTable } from './measure/report.ts'

const vms = 10_000
const visits = 3
const filters = ['state:off', 'tag:team-7', 'mem>=64GiB', 'db-prod']
/** Seven thousand pixels a second at 60 frames: a wheel spun fast. */
const wheelPixels = 120
const scrollMs = 15_000
const changesPerSecond = 20
const columns = ['State', 'Host', 'Memory', 'CPU']

await step('Build of the console', ensureBuild, { out: process.stderr })
const postgres = await startThrowAwayPostgres()
const stops: (() => Promise<void>)[] = [postgres.stop]
try {
  const databaseUrl = await fleetDatabase(postgres, 'browser', { vms, hosts: 100, sites: 20, tenants: 200 })
  const web = await startWeb(databaseUrl)
  stops.unshift(web.stop)
  const services = openServices({ ...env(), DATABASE_URL: databaseUrl })
  const person = await createPerson(
    { ...services, databaseUrl, close: async () => {} },
    { name: 'Olga', operator: true },
  )
  await services.close()
  const browser = await chromium.launch({ executablePath: browserPath(), args: browserArguments })
  stops.unshift(() => browser.close())
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const answer = await context.request.post(`${web.url}/api/auth/sign-in/email`, {
    data: { email: person.email, password: person.password },
    headers: { origin: web.url },
  })
  if (!answer.ok()) throw new Error(`sign-in answered ${answer.status()}: ${await answer.text()}`)
  sayMachine()
  const state = await context.storageState()
  const results: (Awaited<ReturnType<typeof visit>> & { live: Awaited<ReturnType<typeof liveVisit>> })[] = []
  for (let at = 0; at < visits; at++) {
    // A new context has an empty cache: nothing but the session comes along.
    const fresh = await browser.newContext({ viewport: { width: 1440, height: 900 }, storageState: state })
    const page = await fresh.newPage()
    const still = await visit(page, web.url)
    const stopChurn = await startChurn(databaseUrl, changesPerSecond)
    const live = await liveVisit(page, columns, wheelPixels, scrollMs).finally(stopChurn)
    results.push({ ...still, live })
    await fresh.close()
  }
  sayTable(
    [
      'visit',
      'interactive ms',
      'sort ms',
      'filter ms',
      'rows',
      'frames',
      'p99 ms',
      'worst down',
      'worst up',
      '> 50 ms',
      'work/frame ms',
      'blank page worst',
    ],
    results.map((result, at) => {
      const frames = [...result.down, ...result.up]
      return [
        `${at + 1}`,
        result.interactiveMs,
        median(result.sortMs),
        median(result.filterMs),
        String(result.rows),
        String(frames.length),
        percentile(frames, 0.99),
        Math.max(...result.down),
        Math.max(...result.up),
        String(frames.filter((ms) => ms > 50.5).length),
        result.upWorkMs,
        Math.max(...result.blank),
      ]
    }),
  )
  const phases = ['rest', 'scrolling', 'typing', 'sorting'] as const
  const phaseText = ({ worstMs, layoutMs, longFrames }: LivePhase) =>
    longFrames === 0 ? 'none' : `${longFrames}: ${rounded(worstMs)} (${rounded(layoutMs)})`
  say(`\n${changesPerSecond} changes a second; frames of 50 ms and more, the worst in ms (style and layout of it):`)
  sayTable(
    ['visit', ...phases],
    results.map(({ live }, at) => [`${at + 1}`, ...phases.map((phase) => phaseText(live[phase]))]),
  )
  const worstLive = (phase: (typeof phases)[number]) => rounded(median(results.map(({ live }) => live[phase].worstMs)))
  sayMachine()
  sayResult({
    bench: 'browser',
    interactiveMs: rounded(median(results.map((result) => result.interactiveMs))),
    sortMs: rounded(median(results.flatMap((result) => result.sortMs))),
    filterMs: rounded(median(results.flatMap((result) => result.filterMs))),
    worstFrameMs: rounded(median(results.map((result) => Math.max(...result.down, ...result.up)))),
    workPerFrameMs: rounded(median(results.map((result) => result.upWorkMs))),
    liveScrollWorstFrameMs: worstLive('scrolling'),
    liveTypeWorstFrameMs: worstLive('typing'),
    liveSortWorstFrameMs: worstLive('sorting'),
    blankWorstFrameMs: rounded(median(results.map((result) => Math.max(...result.blank)))),
  })
} finally {
  for (const stop of stops) await stop()
}

async function visit(page: Page, url: string) {
  page.on('pageerror', (error) => say(`the page: ${error.message}`))
  const blank = await blankFrames(page)
  const interactiveMs = await open(page, url)
  await page.waitForTimeout(1000)
  const sortMs: number[] = []
  for (const column of columns) sortMs.push(await sort(page, column))
  await sort(page, 'Name')
  const filterMs: number[] = []
  for (const text of filters) {
    filterMs.push(await filter(page, text))
    await filter(page, '')
  }
  await page.keyboard.press('Escape')
  const workedMs = await workMeter(page)
  const down = await scroll(page, wheelPixels, vms - 1, scrollMs)
  // In leaps to the end, and then back up with all rows there.
  const { lastIndex } = await scroll(page, 5000, vms - 1, 120_000)
  if (lastIndex < vms - 1) say(`only ${lastIndex + 1} of ${vms} rows came within two minutes`)
  const between = await workedMs()
  const up = await scroll(page, -wheelPixels, 0, scrollMs)
  const upWorkMs = ((await workedMs()) - between) / up.frames.length
  return { interactiveMs, sortMs, filterMs, rows: lastIndex + 1, down: down.frames, up: up.frames, upWorkMs, blank }
}

/** What this machine does to a page that does nothing. */
async function blankFrames(page: Page): Promise<number[]> {
  await page.goto('about:blank')
  return page.evaluate(async () => {
    const frames: number[] = []
    let before = await new Promise(requestAnimationFrame)
    for (let count = 0; count < 300; count++) {
      const now = await new Promise(requestAnimationFrame)
      frames.push(now - before)
      before = now
    }
    return frames
  })
}
