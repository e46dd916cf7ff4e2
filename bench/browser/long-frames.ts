import type { Page } from '@playwright/test'

/** A frame that took long, as the browser itself tells it: until when scripts ran, and what style and layout took of it. */
interface LongFrame {
  durationMs: number
  layoutMs: number
}

declare global {
  interface Window {
    longFrames?: LongFrame[]
  }
  interface PerformanceEntry {
    renderStart?: number
    styleAndLayoutStart?: number
  }
}

/** Begins to collect frames of 50 ms and more. @returns a function that gives those since it was last asked, worst first */
export async function collectLongFrames(page: Page): Promise<() => Promise<LongFrame[]>> {
  await page.evaluate(() => {
    const frames: LongFrame[] = []
    window.longFrames = frames
    new PerformanceObserver((list) => {
      for (const { startTime, duration, styleAndLayoutStart } of list.getEntries()) {
        const end = startTime + duration
        frames.push({ durationMs: duration, layoutMs: styleAndLayoutStart ? end - styleAndLayoutStart : 0 })
      }
    }).observe({ type: 'long-animation-frame' })
  })
  return async () => {
    const frames = await page.evaluate(async () => {
      // What was collected is told after the frame.
      await new Promise((done) => setTimeout(done, 100))
      return window.longFrames?.splice(0) ?? []
    })
    return frames.sort((a, b) => b.durationMs - a.durationMs)
  }
}
