import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

/** What axe finds on a page, as "rule at place"; nothing if all is well. */
export async function axeFindings(page: Page, rules: 'every rule' | 'colours alone' = 'every rule'): Promise<string[]> {
  const axe = new AxeBuilder({ page })
  // Contrast, and links that are told from text by nothing else: the rest is the same in each theme.
  if (rules === 'colours alone') axe.withRules(['color-contrast', 'link-in-text-block'])
  else axe.withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
  const { violations } = await axe
    // React Aria says "in progress" by the id of a button's spinner, and keeps that here for seconds after it is gone.
    .exclude('[data-live-announcer]')
    .analyze()
  return violations.map(({ id, nodes }) => `${id} at ${nodes[0]?.target.join(' ')}: ${nodes[0]?.html}`)
}
