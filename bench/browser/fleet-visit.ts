import type { Page } from '@playwright/test'

/** Everything below runs in the page and is timed by its own clock, from the press to the painted frame. */
declare global {
  interface Window {
    readyMs?: number
  }
}

const row = 'table[role=grid] tr[data-index] a'

/**
 * Opens the fleet page anew. @returns milliseconds from the start of the navigation until rows are painted and React
 * has taken the table over, so that keys and clicks do something
 */
export async function open(page: Page, url: string): Promise<number> {
  await page.addInitScript((row) => {
    const look = () => {
      const link = document.querySelector(row)
      const grid = document.querySelector('table[role=grid]')
      const isTakenOver = grid !== null && Object.keys(grid).some((key) => key.startsWith('__reactProps'))
      if (link && isTakenOver) window.readyMs ??= performance.now()
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  }, row)
  await page.goto(`${url}/fleet`, { waitUntil: 'commit' })
  const ready = await page.waitForFunction(() => window.readyMs, undefined, { timeout: 60_000, polling: 50 })
  return (await ready.jsonValue()) ?? Number.NaN
}

/** Presses a column's heading. @returns milliseconds until the rows in their new order are painted */
export function sort(page: Page, column: string): Promise<number> {
  return page.evaluate(
    async ({ row, column }) => {
      const names = () =>
        [...document.querySelectorAll(row)]
          .slice(0, 10)
          .map((link) => link.textContent)
          .join('\n')
      const before = names()
      const headings = [...document.querySelectorAll<HTMLElement>('table[role=grid] thead button')]
      const heading = headings.find((button) => button.textContent?.trim().startsWith(column))
      if (!heading) throw new Error(`There is no heading ${column}`)
      const startedAt = performance.now()
      heading.click()
      const deadline = startedAt + 30_000
      while (names() === before && performance.now() < deadline) await new Promise(requestAnimationFrame)
      await new Promise(requestAnimationFrame)
      return performance.now() - startedAt
    },
    { row, column },
  )
}

/** Types a filter at once, as by pasting. @returns milliseconds until what it leaves is painted */
export async function filter(page: Page, text: string): Promise<number> {
  await page.evaluate(
    ({ row }) => {
      const names = () =>
        [...document.querySelectorAll(row)]
          .slice(0, 10)
          .map((link) => link.textContent)
          .join('\n')
      window.readyMs = undefined
      document.addEventListener(
        'input',
        async () => {
          const before = names()
          const startedAt = performance.now()
          while (names() === before && performance.now() < startedAt + 30_000) await new Promise(requestAnimationFrame)
          await new Promise(requestAnimationFrame)
          window.readyMs = performance.now() - startedAt
        },
        { once: true, capture: true },
      )
    },
    { row },
  )
  await page
    .getByRole('combobox', { name: 'Filter VMs' })
    .or(page.getByRole('textbox', { name: 'Filter VMs' }))
    .first()
    .fill(text)
  const ready = await page.waitForFunction(() => window.readyMs, undefined, { timeout: 60_000, polling: 50 })
  return (await ready.jsonValue()) ?? Number.NaN
}

export interface Scroll {
  /** Milliseconds from each frame to the next */
  frames: number[]
  /** Index of the last row that was drawn */
  lastIndex: number
}

/**
 * Scrolls by so many pixels a frame, up when negative, until this row is drawn, an end is reached for good or the time
 * is up.
 */
export function scroll(page: Page, pixelsPerFrame: number, untilIndex: number, limitMs: number): Promise<Scroll> {
  return page.evaluate(
    async ({ pixelsPerFrame, untilIndex, limitMs }) => {
      const grid = document.querySelector<HTMLElement>('table[role=grid]')
      if (!grid) throw new Error('There is no table')
      const frames: number[] = []
      const startedAt = performance.now()
      const drawn = () =>
        [...grid.querySelectorAll<HTMLElement>('tr[data-index]')].map((row) => Number(row.dataset.index))
      const isThere = () =>
        pixelsPerFrame > 0 ? Math.max(...drawn()) >= untilIndex : Math.min(...drawn()) <= untilIndex
      // Not read back from the element, which would lay the page out once more in each frame.
      let top = grid.scrollTop
      let before = await new Promise(requestAnimationFrame)
      while (performance.now() - startedAt < limitMs) {
        top = Math.max(0, top + pixelsPerFrame)
        grid.scrollTop = top
        const now = await new Promise(requestAnimationFrame)
        frames.push(now - before)
        before = now
        if (frames.length % 30 !== 0) continue
        if (isThere()) break
        top = grid.scrollTop
      }
      return { frames, lastIndex: Math.max(...drawn()) }
    },
    { pixelsPerFrame, untilIndex, limitMs },
  )
}

/** Milliseconds that the page's main thread has worked, whatever else the machine did meanwhile. */
export async function workMeter(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
  }
}
