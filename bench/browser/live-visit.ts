import type { Page } from '@playwright/test'
import { scroll, sort } from './fleet-visit.ts'
import { collectLongFrames } from './long-frames.ts'

const typed = 'tag:prod web-prod'
/** A fast typist's. */
const keyMs = 90

export interface LivePhase {
  /** 0 when every frame took less than 50 ms */
  worstMs: number
  /** Of the worst, style and layout */
  layoutMs: number
  longFrames: number
}

/** What a person does with all rows loaded while the fleet changes: sorts, types a filter, scrolls. */
export async function liveVisit(page: Page, columns: readonly string[], wheelPixels: number, scrollMs: number) {
  const longFrames = await collectLongFrames(page)
  const phase = async (work: () => Promise<unknown>): Promise<LivePhase> => {
    await longFrames()
    await work()
    const frames = await longFrames()
    return { worstMs: frames[0]?.durationMs ?? 0, layoutMs: frames[0]?.layoutMs ?? 0, longFrames: frames.length }
  }
  const rest = await phase(() => page.waitForTimeout(5_000))
  const scrolling = await phase(async () => {
    await scroll(page, wheelPixels, Infinity, scrollMs)
    await scroll(page, -wheelPixels, 0, scrollMs)
  })
  const typing = await phase(async () => {
    const field = page.getByRole('combobox', { name: 'Filter VMs' })
    await field.click()
    await page.keyboard.type(typed, { delay: keyMs })
    await page.waitForTimeout(500)
    for (const _ of typed) await page.keyboard.press('Backspace', { delay: keyMs / 2 })
    await page.keyboard.press('Escape')
    await page.waitForTimeout(500)
  })
  const sorting = await phase(async () => {
    for (const column of [...columns, 'Name']) {
      await sort(page, column)
      await page.waitForTimeout(500)
    }
  })
  return { rest, scrolling, typing, sorting }
}
