/** What a state looks like, whatever it belongs to. Pages map their own states to these. */
export type VisualState = 'running' | 'changing' | 'migrating' | 'degraded' | 'failed' | 'off' | 'unknown'

/** The word for a state when the page has no better one. */
export const stateWord: Record<VisualState, string> = {
  running: 'Running',
  changing: 'Changing',
  migrating: 'Migrating',
  degraded: 'Degraded',
  failed: 'Failed',
  off: 'Off',
  unknown: 'Unknown',
}

/** Text in the colour of a state. */
export const stateTextClass: Record<VisualState, string> = {
  running: 'text-running',
  changing: 'text-changing',
  migrating: 'text-migrating',
  degraded: 'text-degraded',
  failed: 'text-failed',
  off: 'text-off',
  unknown: 'text-unknown',
}

/** A quiet fill in the colour of a state; unknown is hatched. */
export const stateSoftClass: Record<VisualState, string> = {
  running: 'bg-running-soft',
  changing: 'bg-changing-soft',
  migrating: 'bg-migrating-soft',
  degraded: 'bg-degraded-soft',
  failed: 'bg-failed-soft',
  off: 'bg-off-soft',
  unknown: 'bg-unknown-soft hatched',
}
