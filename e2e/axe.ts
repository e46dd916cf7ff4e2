import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

/** Rules that judge by colours. */
const colourRules = ['color-contrast', 'link-in-text-block']

interface Look {
  /** A selector; without it, the whole page */
  part?: string
  /** For a page that was looked at whole in other colours */
  isColourAlone?: boolean
}

/**
 * What axe finds on a page, or in a part of it, as "rule at place"; nothing if all is well. What is not found a second time was a row that a
 * live list moved under its eyes.
 */
export async function axeFindings(page: Page, look: Look = {}): Promise<string[]> {
  const found = await findOnce(page, look)
  return found.length > 0 ? findOnce(page, look) : found
}

async function findOnce(page: Page, { part, isColourAlone }: Look): Promise<string[]> {
  const axe = new AxeBuilder({ page })
  if (part) axe.include(part)
  const { violations } = await axe
    .options({
      runOnly: isColourAlone ? colourRules : ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'],
      // Every element is looked at; only of those that fail is everything told.
      resultTypes: ['violations'],
    })
    // React Aria says "in progress" by the id of a button's spinner, and keeps that here for seconds after it is gone.
    .exclude('[data-live-announcer]')
    .analyze()
  return violations.map(({ id, nodes: [node] }) =>
    [`${id} at ${node?.target.join(' ')}: ${node?.html}`, ...(node?.any ?? []).map(({ message }) => message)].join(
      '; ',
    ),
  )
}
