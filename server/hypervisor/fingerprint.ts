import { createHash } from 'node:crypto'
import type { VmFacts } from './facts.ts'

/** A short text that differs as soon as something differs that the hypervisor tells by no event. */
export function fingerprintOf({ xml, autostart, snapshotCount }: Pick<VmFacts, 'xml' | 'autostart' | 'snapshotCount'>) {
  return `${createHash('sha1').update(xml).digest('base64')} ${autostart} ${snapshotCount}`
}
