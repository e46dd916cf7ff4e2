import { hash } from 'node:crypto'
import type { VmFacts } from './facts.ts'

/** A short text that differs as soon as something differs that the hypervisor tells by no event. */
export function fingerprintOf({
  xml,
  autostart,
  snapshots,
}: Pick<VmFacts, 'xml' | 'autostart'> & { snapshots: readonly { name: string }[] }) {
  const names = snapshots.map(({ name }) => name).toSorted()
  return `${hash('sha1', xml, 'base64')} ${autostart} ${names.join('/')}`
}
