import type { VisualState } from '#components/ui/state.ts'

export const siteKindWord = { region: 'Region', edge: 'Edge', emulated_edge: 'Emulated edge' } as const

interface SiteHosts {
  hosts: number
  hostsConnected: number
}

/** How a site is, told from its hosts. Others than operators know only of those that carry their VMs. */
export function siteLook(site: SiteHosts, operator: boolean): { look: VisualState; word: string } {
  if (site.hosts === 0) return { look: 'off', word: operator ? 'No hosts' : 'No VMs of yours' }
  if (site.hostsConnected === site.hosts) return { look: 'running', word: 'All right' }
  if (site.hostsConnected === 0) return { look: 'failed', word: 'Unreachable' }
  return { look: 'degraded', word: 'Degraded' }
}

export const linkLook = {
  up: { look: 'running', word: 'Up' },
  degraded: { look: 'degraded', word: 'Degraded' },
  down: { look: 'failed', word: 'Down' },
  unknown: { look: 'unknown', word: 'Not measured' },
} as const
