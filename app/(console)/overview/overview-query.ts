import type { Inputs } from '#components/trpc/client.tsx'

/** What is asked for; the server reads the same ahead. */
export const troubledVms: Inputs['vm']['list'] = { filter: 'state:crashed,unknown', limit: 20 }
export const failedLately: Inputs['operation']['list'] = {
  states: ['failed'],
  topLevel: true,
  withinHours: 24,
  limit: 6,
}
