import type { Page } from '@playwright/test'

/** Where the keys are: what has the focus, or what this names as active. */
export interface FocusPlace {
  name: string
  /** By what it is seen: "outline", "ring of its marker", …; empty when by nothing. */
  mark: string
}

/** Those that nobody sees. */
export const unmarked = (places: FocusPlace[]): string[] => places.filter(({ mark }) => !mark).map(({ name }) => name)

/** Every place that Tab reaches from where the focus is, until it leaves the page or comes round. */
export async function tabStops(page: Page): Promise<FocusPlace[]> {
  await page.evaluate(() => {
    for (const element of document.querySelectorAll('[data-tab-stop]')) element.removeAttribute('data-tab-stop')
  })
  const places: FocusPlace[] = []
  for (;;) {
    await page.keyboard.press('Tab')
    const isNew = await page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body || element.hasAttribute('data-tab-stop')) return false
      element.setAttribute('data-tab-stop', '')
      return true
    })
    if (!isNew) return places
    places.push(await focusPlace(page))
  }
}

export const focusPlace = (page: Page): Promise<FocusPlace> =>
  page.evaluate(() => {
    const focused = document.activeElement ?? document.body
    const active = document.getElementById(focused.getAttribute('aria-activedescendant') ?? '')
    const place = active ?? focused
    const hasOutline = (element: Element, pseudo?: string) => {
      const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element, pseudo)
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0 && !/ 0\)$/.test(outlineColor)
    }
    const kind = place.getAttribute('role') ?? place.localName
    const label = place.getAttribute('aria-label') ?? (place as HTMLElement).innerText ?? place.getAttribute('name')
    const type = place instanceof HTMLInputElement ? ` ${place.type}` : ''
    const name = `${kind}${type} ${(label ?? '').split('\n')[0]}`.trim()
    const around = (selector: string) => [...(place.closest(selector)?.querySelectorAll('*') ?? [])]
    const marks: Record<string, () => boolean> = {
      outline: () => !place.matches('tr') && hasOutline(place),
      // The cells of a row that stick would cover its own.
      'outline above its cells': () => place.matches('tr') && hasOutline(place, '::after'),
      // A radio or a checkbox is hidden beneath what stands for it.
      'outline of its label': () =>
        place.matches('input[type=radio], input[type=checkbox]') &&
        place.closest('label') !== null &&
        [place.closest('label') as Element, ...around('label')].some((part) => hasOutline(part)),
      // A field with a button, or with words coloured beneath it, is framed as a whole.
      'outline of its frame': () =>
        place.matches('input, textarea') &&
        [place.parentElement, place.parentElement?.parentElement].some((frame) => frame && hasOutline(frame)),
      // A line between two panes becomes a bar.
      'bar of its separator': () =>
        kind === 'separator' && getComputedStyle(place, '::after').backgroundColor !== 'rgba(0, 0, 0, 0)',
      'ring of its marker': () =>
        place instanceof SVGElement &&
        around('g').some((part) => part.matches('.stroke-focus') && getComputedStyle(part).opacity === '1'),
    }
    return { name, mark: Object.keys(marks).find((mark) => marks[mark]?.()) ?? '' }
  })
